//! A page to look through the pictures of all screens.

use std::fmt::Write;

use super::samples::Shot;

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tallyman: every screen</title>
<style>
body { font: 15px sans-serif; margin: 24px; background: #e9e4d8; color: #17222b; }
h2 { margin: 32px 0 8px; }
section { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
figure { margin: 0; }
img { display: block; height: 400px; box-shadow: 0 1px 6px #0006; }
img.long { height: auto; width: 240px; }
figcaption { padding: 4px 0; }
</style>
<h1>Every screen</h1>
"#;

/// One section for each screen, in the order of the samples; a picture leads to itself in full size.
pub(super) fn page(shots: &[Shot]) -> String {
    let mut page = HEAD.to_owned();
    let mut names: Vec<&str> = Vec::new();
    for shot in shots {
        if !names.contains(&shot.name) {
            names.push(shot.name);
        }
    }
    for name in names {
        let _ = write!(page, "<h2 id=\"{name}\">{name}</h2>\n<section>\n");
        for shot in shots.iter().filter(|shot| shot.name == name) {
            let (file, form) = (shot.file(), shot.form);
            let about = format!("{form}, {}, {}", shot.language.code(), shot.theme.code());
            let _ = writeln!(
                page,
                "<figure><a href=\"{file}\"><img class=\"{form}\" src=\"{file}\" alt=\"{name}, {about}\" \
                 loading=\"lazy\"></a><figcaption>{about}</figcaption></figure>"
            );
        }
        page.push_str("</section>\n");
    }
    page
}
