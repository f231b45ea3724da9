//! The bytes of an open WebSocket, both ways, unaltered: pings, fragments and close codes pass because nothing reads them.
//!
//! One small buffer for each way. A side that does not read stops the other one (back-pressure), and a side that ends ends
//! the other: the platform's close reaches the caller, the caller's departure the platform. Nothing ends a connection for
//! being silent: who has nothing to say may wait. That the other end of a silent line is gone is seen by the probes of
//! TCP (`cozegate_core::connections`). When we stop, or when the session of the caller has ended, the caller gets a close of our
//! own, between two frames.

use super::frames::Frames;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// What one way of a connection holds.
const BUFFER_BYTES: usize = 8 * 1024;
/// How long one side may go on after the other has ended: enough for the echo of a close.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(5);
/// An unmasked close frame with the status 1001, "going away" (RFC 6455 5.5.1, 7.4.1).
const GOING_AWAY: [u8; 4] = [0x88, 0x02, 0x03, 0xE9];

/// An unmasked close frame with the status 1008, "policy violation" (RFC 6455 7.4.1), and the reason.
const SESSION_ENDED: [u8; 17] = *b"\x88\x0F\x03\xF0session ended";
/// How long the caller has to take that close, and the platform to finish a frame that it has begun.
const SESSION_GRACE: Duration = Duration::from_secs(1);

/// Which side ended first, without a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Caller,
    Platform,
    /// Neither: the session of the caller has ended.
    Session,
    /// Neither: the service stops.
    Stopped,
}

/// What ends a WebSocket beside its two sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    /// Cancelled when the service stops.
    pub(super) stop: CancellationToken,
    /// Cancelled when the session of the caller has ended.
    pub(super) session: CancellationToken,
}

/// Carries bytes until both sides have ended, or one has broken, or one has ended `last_words` ago, or the session has
/// ended. Dropping both is what ends them.
pub(super) async fn carry<C, U>(caller: C, upstream: U, ends: Ends, last_words: Duration) -> io::Result<Ended>
where
    C: AsyncRead + AsyncWrite,
    U: AsyncRead + AsyncWrite,
{
    let (from_caller, to_caller) = split(caller);
    let (from_upstream, to_upstream) = split(upstream);
    let session = &ends.session;
    let both = async {
        let mut up = std::pin::pin!(pass_up_until(session, from_caller, to_upstream));
        let mut down = std::pin::pin!(pass_down(from_upstream, to_caller, &ends, last_words));
        let (ended, rest) = tokio::select! {
            ended = &mut up => {
                ended?;
                (Ended::Caller, timeout(last_words, down).await.map(|rest| rest.map(|_| ())))
            }
            ended = &mut down => (ended?, timeout(last_words, up).await),
        };
        rest.unwrap_or(Ok(())).map(|()| ended)
    };
    // A side that neither reads nor writes must not keep the tunnel open.
    let cut = async {
        session.cancelled().await;
        sleep(SESSION_GRACE).await;
    };
    tokio::select! {
        ended = both => ended,
        () = cut => Ok(Ended::Session),
    }
}

/// Passes the caller's bytes up until `session` ends. From then on nothing of the caller reaches the platform; what it
/// sends is discarded, so that the close frame is not lost in a reset.
async fn pass_up_until(
    session: &CancellationToken,
    mut from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    tokio::select! {
        biased;
        () = session.cancelled() => {}
        ended = pass_up(&mut from, to) => return ended,
    }
    let mut discarded = vec![0; BUFFER_BYTES];
    while !read(&mut from, &mut discarded).await?.is_empty() {}
    Ok(())
}

async fn pass_up(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let piece = read(&mut from, &mut buffer).await?;
        if piece.is_empty() {
            return to.shutdown().await;
        }
        to.write_all(piece).await?;
        to.flush().await?;
    }
}

async fn pass_down(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    ends: &Ends,
    last_words: Duration,
) -> io::Result<Ended> {
    let Ends { stop, session } = ends;
    let mut frames = Frames::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let mut piece = tokio::select! {
            biased;
            () = session.cancelled(), if frames.may_speak() => return say_session_ended(to).await,
            () = stop.cancelled(), if frames.may_speak() => return say_goodbye(from, to, last_words).await,
            piece = read(&mut from, &mut buffer) => piece?,
        };
        if piece.is_empty() {
            return to.shutdown().await.map(|()| Ended::Platform);
        }
        if stop.is_cancelled() || session.is_cancelled() {
            // No further than to the end of this frame.
            while !piece.is_empty() {
                let (frame, behind) = piece.split_at(frames.follow(piece));
                to.write_all(frame).await?;
                if frames.may_speak() && session.is_cancelled() {
                    return say_session_ended(to).await;
                }
                if frames.may_speak() {
                    return say_goodbye(from, to, last_words).await;
                }
                piece = behind;
            }
        } else {
            to.write_all(piece).await?;
            while !piece.is_empty() {
                piece = piece.split_at(frames.follow(piece)).1;
            }
        }
        to.flush().await?;
    }
}

/// Closes the caller's side because its session has ended.
async fn say_session_ended(mut to: impl AsyncWrite + Unpin) -> io::Result<Ended> {
    to.write_all(&SESSION_ENDED).await?;
    to.flush().await?;
    to.shutdown().await.map(|()| Ended::Session)
}

/// Tells the caller that we go. Its answer, a close as well, goes upstream by the other way, so the platform is told too and
/// ends its side; what it still says is not passed on, since nothing may follow a close.
async fn say_goodbye(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    last_words: Duration,
) -> io::Result<Ended> {
    to.write_all(&GOING_AWAY).await?;
    to.flush().await?;
    let drained = timeout(last_words, async {
        let mut unheard = vec![0; BUFFER_BYTES];
        while !read(&mut from, &mut unheard).await?.is_empty() {}
        io::Result::Ok(())
    });
    drained.await.unwrap_or(Ok(()))?;
    to.shutdown().await.map(|()| Ended::Stopped)
}

/// Reads what is there; nothing means the end. An end without the goodbye of TLS is one too: the frames tell whether
/// anything is missing.
async fn read<'b>(from: &mut (impl AsyncRead + Unpin), buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
    match from.read(buffer).await {
        Ok(read) => Ok(buffer.get(..read).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(&[]),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;
    use tokio::io::{DuplexStream, duplex};
    use tokio::task::yield_now;

    /// What the pipes between the test and the tunnel hold.
    const PIPE_BYTES: usize = 64;
    /// Looks at everything often enough that nothing moves any more.
    const ROUNDS: usize = 10_000;

    #[tokio::test]
    async fn no_more_is_held_than_one_buffer_each_way() {
        let (caller, caller_side) = duplex(PIPE_BYTES);
        let (upstream, upstream_side) = duplex(PIPE_BYTES);
        let mut carried = pin!(carry(caller_side, upstream_side, Ends::default(), LAST_WORDS));
        let mut ends = [caller, upstream];
        for end in &mut ends {
            let written = Cell::new(0);
            let mut fill = pin!(async {
                loop {
                    written.set(written.get() + end.write(&[0x55; PIPE_BYTES]).await.unwrap());
                }
            });

            for _ in 0..ROUNDS {
                poll_fn(|context| {
                    let _: Poll<()> = fill.as_mut().poll(context);
                    assert!(carried.as_mut().poll(context).is_pending());
                    Poll::Ready(())
                })
                .await;
                yield_now().await;
            }

            let held = written.get();
            assert!(held >= 2 * PIPE_BYTES, "{held}");
            assert!(held <= BUFFER_BYTES + 3 * PIPE_BYTES, "{held}");
        }
    }

    #[tokio::test]
    async fn side_that_does_not_end_with_the_other_is_given_up() {
        for caller_leaves in [true, false] {
            let (caller, caller_side) = duplex(PIPE_BYTES);
            let (upstream, upstream_side) = duplex(PIPE_BYTES);
            let (leaves, stays) = if caller_leaves {
                (caller, upstream)
            } else {
                (upstream, caller)
            };
            drop(leaves);

            let last_words = Duration::from_millis(1);
            let ended = carry(caller_side, upstream_side, Ends::default(), last_words).await;

            let by = if caller_leaves { Ended::Caller } else { Ended::Platform };
            assert_eq!(ended.unwrap(), by);
            drop(stays);
        }
    }

    /// A tunnel whose session ends now, with the two ends of it.
    fn ended() -> (
        DuplexStream,
        DuplexStream,
        impl Future<Output = io::Result<Ended>>,
        CancellationToken,
    ) {
        let (caller, caller_side) = duplex(PIPE_BYTES);
        let (upstream, upstream_side) = duplex(PIPE_BYTES);
        let ends = Ends::default();
        let session = ends.session.clone();
        let carried = carry(caller_side, upstream_side, ends, LAST_WORDS);
        (caller, upstream, carried, session)
    }

    #[tokio::test]
    async fn caller_hears_that_its_session_has_ended_and_nothing_more_of_it_goes_up() {
        let (mut caller, mut upstream, carried, session) = ended();
        let ((), ended) = tokio::join!(
            async {
                upstream.write_all(b"\x81\x02hi").await.unwrap();
                caller.write_all(b"before").await.unwrap();
                let mut before = [0; 6];
                upstream.read_exact(&mut before).await.unwrap();
                session.cancel();
                let mut heard = Vec::new();
                caller.read_to_end(&mut heard).await.unwrap();
                assert_eq!(heard, b"\x81\x02hi\x88\x0F\x03\xF0session ended");
                // A caller that does not mind the close.
                caller.write_all(b"after").await.unwrap();
                drop(caller);
            },
            carried,
        );

        assert_eq!(ended.unwrap(), Ended::Session);
        let mut rest = Vec::new();
        upstream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"");
    }

    #[tokio::test]
    async fn close_waits_for_the_end_of_a_frame_that_has_begun() {
        let (mut caller, mut upstream, carried, session) = ended();
        let ((), ended) = tokio::join!(
            async {
                upstream.write_all(b"\x81\x04ha").await.unwrap();
                let mut half = [0; 4];
                caller.read_exact(&mut half).await.unwrap();
                session.cancel();
                upstream.write_all(b"lf\x81\x01x").await.unwrap();
                let mut heard = Vec::new();
                caller.read_to_end(&mut heard).await.unwrap();
                assert_eq!(heard, b"lf\x88\x0F\x03\xF0session ended");
                drop(caller);
            },
            carried,
        );

        assert_eq!(ended.unwrap(), Ended::Session);
    }

    #[tokio::test(start_paused = true)]
    async fn side_that_neither_reads_nor_ends_does_not_keep_the_tunnel() {
        for caller_reads in [true, false] {
            let (mut caller, mut upstream, carried, session) = ended();
            let began = tokio::time::Instant::now();
            let filled = vec![0x55; 4 * BUFFER_BYTES];
            let _stuck = tokio::join!(
                timeout(Duration::from_millis(1), upstream.write_all(&filled)),
                async {
                    if caller_reads {
                        let mut some = [0; PIPE_BYTES];
                        caller.read_exact(&mut some).await.unwrap();
                    }
                    session.cancel();
                },
                async {
                    assert_eq!(carried.await.unwrap(), Ended::Session);
                    assert!(began.elapsed() <= SESSION_GRACE + Duration::from_millis(10));
                },
            );
        }
    }
}
