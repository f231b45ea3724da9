//! Style sheets of `web/` as they are handed out inside a script: for a shadow root on somebody else's page.
//!
//! Two things are changed. Comments and indentation stay here: the script is fetched by every page. And sizes in `rem` become
//! pixels, since a `rem` is what the page around says it is, also inside a shadow root.

use std::fmt::Write as _;

/// What a `rem` is on our own pages.
const REM_PX: f64 = 16.0;

/// Returns the style sheet for a shadow root.
pub(super) fn for_shadow_root(css: &str) -> String {
    let mut text = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        text.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(String::with_capacity(css.len()), |mut sheet, line| {
        sheet.push_str(&in_pixels(line));
        sheet.push('\n');
        sheet
    })
}

/// Writes `1.5rem` as `24px`.
fn in_pixels(line: &str) -> String {
    let mut pixels = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("rem") {
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (kept, number) = before.split_at(before.len() - digits);
        if let Ok(number) = number.parse::<f64>() {
            let _infallible = write!(pixels, "{kept}{}px", number * REM_PX);
        } else {
            pixels.push_str(before);
            pixels.push_str("rem");
        }
        rest = after;
    }
    pixels.push_str(rest);
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_become_pixels_and_comments_stay_here() {
        let sheet = for_shadow_root(
            "/* Head,\n   two lines. */\n.a {\n  font-size: 1.5rem; /* why */\n  width: min(100%, 0.9rem);\n}\n\n.rem-button { margin: 0; }\n",
        );

        insta::assert_snapshot!(sheet, @r"
        .a {
        font-size: 24px;
        width: min(100%, 14.4px);
        }
        .rem-button { margin: 0; }
        ");
    }

    #[test]
    fn no_sheet_of_ours_asks_the_page_around_for_a_size_or_for_a_picture() {
        for path in ["styles.css", "chat/chat.css", "window/window.css"] {
            let sheet = for_shadow_root(crate::assets::text(path).unwrap());

            assert!(!sheet.contains("rem;") && !sheet.contains("rem "), "{path}");
            assert!(!sheet.contains("url("), "{path}");
        }
    }
}
