//! The page: one HTML file that carries its style, its font and its pictures, and needs no script and no network.

mod tables;

use std::fmt::Write as _;

use super::data::Report;
use super::figures::{Figure, Width};
use super::summary::summary;
use chreode_plot::{Theme, font::Weight, text::escape};

const STYLE: &str = include_str!("html/style.css");

impl Report {
    /// The page around figures that are already drawn.
    pub(super) fn page(&self, figures: &[Figure]) -> String {
        let title = escape(&self.title);
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{}</style>\n</head>\n\
             <body>\n<main>\n<header>\n<h1>{title}</h1>\n",
            style()
        );
        let words = summary(self);
        if !words.is_empty() {
            let _ = writeln!(out, "<p class=\"summary\">{}</p>", escape(&words));
        }
        out.push_str("</header>\n");
        let mut number = 0;
        let (scored, drawn): (Vec<&Figure>, Vec<&Figure>) = figures.iter().partition(|f| f.name == "scores");
        if let Some(scores) = self.scores.as_ref().filter(|s| !s.rows.is_empty()) {
            out.push_str("<section>\n<h2>Scores</h2>\n");
            scored.iter().for_each(|figure| write_figure(&mut out, figure, &mut number));
            tables::write(&mut out, self, scores);
            out.push_str("</section>\n");
        }
        if !drawn.is_empty() {
            out.push_str("<section>\n<h2>Figures</h2>\n<div class=\"figures\">\n");
            for figure in ordered(&drawn) {
                write_figure(&mut out, figure, &mut number);
            }
            out.push_str("</div>\n</section>\n");
        }
        self.write_commands(&mut out);
        self.write_manifest(&mut out);
        out.push_str("</main>\n</body>\n</html>\n");
        out
    }

    fn write_commands(&self, out: &mut String) {
        if self.commands.is_empty() {
            return;
        }
        out.push_str("<section>\n<h2>Reproduce</h2>\n<ol class=\"commands\">\n");
        for command in &self.commands {
            let (purpose, line) = (escape(&command.purpose), escape(&command.line));
            let _ = writeln!(out, "<li><span>{purpose}</span><pre><code>{line}</code></pre></li>");
        }
        out.push_str("</ol>\n</section>\n");
    }

    fn write_manifest(&self, out: &mut String) {
        if self.manifest.is_empty() {
            return;
        }
        out.push_str("<section>\n<h2>Manifest</h2>\n<dl class=\"manifest\">\n");
        for entry in &self.manifest {
            let _ =
                writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escape(&entry.key), escape(&entry.value));
        }
        out.push_str("</dl>\n</section>\n");
    }
}

/// Pairs of narrow figures first, then the wide ones, so that at most one place stays empty.
fn ordered<'a>(figures: &[&'a Figure]) -> Vec<&'a Figure> {
    let (full, half): (Vec<&Figure>, Vec<&Figure>) = figures.iter().partition(|f| f.width == Width::Full);
    half.into_iter().chain(full).collect()
}

fn write_figure(out: &mut String, figure: &Figure, number: &mut usize) {
    *number += 1;
    let class = if figure.width == Width::Full { "full" } else { "half" };
    let _ = writeln!(
        out,
        "<figure class=\"{class}\" id=\"{}\">\n<div class=\"picture\">{}</div>\n\
         <figcaption><b>Figure {number}. {}.</b> {}</figcaption>\n</figure>",
        figure.name,
        figure.inline(),
        escape(&figure.title),
        escape(&figure.caption),
    );
}

/// The style sheet with the embedded font and the colours of both themes; print is always light.
fn style() -> String {
    let mut css = String::new();
    for weight in Weight::ALL {
        let _ = writeln!(
            css,
            "@font-face{{font-family:Inter;font-weight:{};src:url(data:font/ttf;base64,{}) format(\"truetype\")}}",
            weight.css(),
            base64(weight.bytes())
        );
    }
    let [light, dark] = Theme::ALL.map(Theme::css);
    let _ =
        writeln!(css, ":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}");
    css + STYLE
}

/// Base64 of RFC 4648, padded.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let letter = LETTERS[(group >> (18 - 6 * index)) as usize & 63];
            out.push(if index <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_agrees_with_the_vectors_of_rfc_4648() {
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, text) in expected.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length]), text);
        }
    }
}
