//! Bars for the README, as an SVG by hand: it has to be readable on a light page and on a dark one, which a style in the file
//! itself does, and needs no more than rectangles and words.

use crate::row::short;
use std::fmt::Write as _;

/// Bars that belong together; shorter is better in all of them.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    pub(crate) bars: Vec<(&'static str, f64)>,
}

/// Sizes in pixels.
const WIDTH: f64 = 820.0;
const NAMES: f64 = 190.0;
const ROOM: f64 = WIDTH - NAMES - 110.0;
const BAR: f64 = 20.0;
const GAP: f64 = 34.0;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600}.s{fill:#59636e;font-size:12px}\
    .o{fill:#9198a1}.u{fill:#0969da}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.s{fill:#9198a1}.o{fill:#656c76}.u{fill:#4493f8}}";

/// Draws the charts below each other; `below` is what has to be known beside them.
pub(crate) fn draw(charts: &[Chart], below: &str) -> String {
    let mut drawn = String::new();
    let mut y = 24.0;
    for chart in charts {
        let longest = chart.bars.iter().map(|(_, figure)| *figure).fold(0.0, f64::max);
        let _infallible = writeln!(
            drawn,
            r#"<text class="t" x="12" y="{y}">{}</text>"#,
            escape(&chart.title)
        );
        y += 12.0;
        for (name, figure) in &chart.bars {
            let length = (figure.max(0.0) / longest.max(f64::MIN_POSITIVE) * ROOM).max(1.0);
            let class = if name.starts_with("cozegate") { "u" } else { "o" };
            let middle = y + 15.0;
            let _infallible = writeln!(
                drawn,
                r#"<text x="{}" y="{middle}" text-anchor="end">{}</text><rect class="{class}" x="{NAMES}" y="{y}" width="{length:.1}" height="{BAR}" rx="3"/><text x="{:.1}" y="{middle}">{} {}</text>"#,
                NAMES - 8.0,
                escape(name),
                NAMES + length + 8.0,
                short(*figure),
                chart.unit
            );
            y += BAR + 5.0;
        }
        y += GAP;
    }
    for line in std::iter::once("Shorter is better.").chain(below.split("; ")) {
        let _infallible = writeln!(drawn, r#"<text class="s" x="12" y="{y}">{}</text>"#, escape(line));
        y += 16.0;
    }
    let height = y;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img"><title>cozegate beside other proxies</title><style>{STYLE}</style>
{drawn}</svg>
"#
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_bar_fills_the_room_and_words_are_escaped() {
        let chart = Chart {
            title: "a < b".to_owned(),
            unit: "µs",
            bars: vec![("cozegate", 5.0), ("nginx", 10.0)],
        };

        let svg = draw(&[chart], "2 cores & noise");

        assert!(svg.contains("a &lt; b") && svg.contains("2 cores &amp; noise"));
        assert!(
            svg.contains(&format!(r#"class="o" x="190" y="61" width="{ROOM:.1}""#)),
            "{svg}"
        );
        assert!(svg.contains(&format!(r#"class="u" x="190" y="36" width="{:.1}""#, ROOM / 2.0)));
    }
}
