//! Where one WebSocket frame ends and the next begins (RFC 6455 5.2), so that a word of ours never falls into one.
//!
//! Reads lengths only. What a frame holds, and whether it is well-formed otherwise, is for its two ends to judge.

/// Follows the frames of one direction.
#[derive(Debug, Default)]
pub(super) struct Frames {
    place: Place,
    has_close: bool,
}

/// Where in a frame we are.
#[derive(Debug)]
enum Place {
    /// In its head, of which so many bytes have come; none between two frames.
    Head { bytes: [u8; LONGEST_HEAD], come: usize },
    /// In its payload.
    Payload { left: u64 },
}

/// Two bytes, eight of length, four of mask.
const LONGEST_HEAD: usize = 14;
const OPCODE_CLOSE: u8 = 0x8;

impl Default for Place {
    fn default() -> Self {
        Self::Head {
            bytes: [0; LONGEST_HEAD],
            come: 0,
        }
    }
}

impl Frames {
    /// Follows `bytes` to the end of the frame that they are in, or to their own; returns how many that is.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut followed = 0;
        for &byte in bytes {
            match &mut self.place {
                Place::Payload { left } => {
                    let rest = u64::try_from(bytes.len() - followed).unwrap_or(u64::MAX);
                    let here = rest.min(*left);
                    *left -= here;
                    followed += usize::try_from(here).unwrap_or(usize::MAX);
                    if *left == 0 {
                        self.place = Place::default();
                    }
                    return followed;
                }
                Place::Head { bytes: head, come } => {
                    if let Some(next) = head.get_mut(*come) {
                        *next = byte;
                        *come += 1;
                        followed += 1;
                    }
                    let Some(length) = head.get(..*come).and_then(payload_length) else {
                        continue;
                    };
                    self.has_close |= head.first().is_some_and(|first| first & 0x0F == OPCODE_CLOSE);
                    if length == 0 {
                        self.place = Place::default();
                        return followed;
                    }
                    self.place = Place::Payload { left: length };
                }
            }
        }
        followed
    }

    /// Whether a frame may stand here: the one before has ended, and none has closed this direction (RFC 6455 5.5.1).
    pub(super) fn may_speak(&self) -> bool {
        let is_between = matches!(self.place, Place::Head { come: 0, .. });
        is_between && !self.has_close
    }
}

/// Returns the length of the payload, once the head is complete.
fn payload_length(head: &[u8]) -> Option<u64> {
    let (short, rest) = (head.get(1)?, head.get(2..)?);
    let mask = if short & 0x80 == 0 { 0 } else { 4 };
    let extended = match short & 0x7F {
        126 => 2,
        127 => 8,
        length => return (rest.len() >= mask).then_some(u64::from(length)),
    };
    if rest.len() < extended + mask {
        return None;
    }
    let length = rest.get(..extended)?.iter();
    Some(length.fold(0, |length, byte| length << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of `length` bytes of payload, masked or not.
    fn frame(first: u8, length: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![first];
        match u16::try_from(length) {
            Ok(short) if length < 126 => frame.push(mask | short.to_be_bytes()[1]),
            Ok(short) => {
                frame.push(mask | 0x7E);
                frame.extend(short.to_be_bytes());
            }
            Err(_) => {
                frame.push(mask | 0x7F);
                frame.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend(vec![0xFF; if masked { 4 } else { 0 } + length]);
        frame
    }

    #[test]
    fn every_length_ends_where_it_ends_however_it_comes() {
        let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];
        let mut tried = 0;
        for masked in [false, true] {
            for length in lengths {
                let bytes = frame(0x82, length, masked);
                for piece in [1, 2, 3, 7, 4096, bytes.len()] {
                    tried += 1;
                    let mut frames = Frames::default();
                    let mut left = bytes.as_slice();
                    while !left.is_empty() {
                        assert_eq!(left.len() == bytes.len(), frames.may_speak(), "{length} {piece}");
                        let end = piece.min(left.len());
                        let mut part = &left[..end];
                        while !part.is_empty() {
                            part = &part[frames.follow(part)..];
                        }
                        left = &left[end..];
                    }
                    assert!(frames.may_speak(), "{length} {piece}");
                }
            }
        }
        println!("frames followed: {tried}");
    }

    #[test]
    fn two_frames_in_one_piece_are_told_apart() {
        let (one, two) = (frame(0x81, 3, false), frame(0x89, 0, true));
        let both = [one.as_slice(), &two].concat();
        let mut frames = Frames::default();

        assert_eq!(frames.follow(&both), one.len());
        assert_eq!(frames.follow(&both[one.len()..]), two.len());
    }

    #[test]
    fn nothing_is_said_after_a_close() {
        let mut frames = Frames::default();
        frames.follow(&frame(0x81, 0, false));
        assert!(frames.may_speak());

        frames.follow(&frame(0x88, 2, false));

        assert!(!frames.may_speak());
    }
}
