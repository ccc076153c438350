//! The demo: a warehouse, a server, two handhelds, and a network that goes away.

mod cable;
pub(crate) mod pictures;
mod process;
mod programs;
mod say;
mod story;

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use testkit::site::{DEMO_SEED, demo_site};

use programs::Programs;
use say::Say;

#[derive(Args)]
pub(crate) struct Options {
    /// Where everything goes; what an earlier run left there is removed.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Keep the server running until Ctrl-C, also without a terminal.
    #[arg(long)]
    keep: bool,
    /// Stop at the end of the story, whatever there is to see.
    #[arg(long, conflicts_with = "keep")]
    no_keep: bool,
}

/// Plays the demo with the programs that lie beside this one.
///
/// # Errors
/// A step did not go as promised.
pub(crate) fn run(options: &Options, workspace: &Path) -> anyhow::Result<()> {
    let folder = options
        .folder
        .clone()
        .unwrap_or_else(|| workspace.join(".demo"));
    let programs = Programs::beside_this_one(&folder)?;
    clear(&folder)?;
    let say = Say::new(8);

    say.step("画标签图片", "drawing label pictures");
    let site = demo_site(DEMO_SEED);
    let cast = pictures::draw(&folder.join("labels"), &site)?;
    say.note(&format!(
        "{} × {}",
        cast.pictures,
        folder.join("labels").display()
    ));

    let end = story::play(&say, &programs, &site, &cast)?;

    let display = has_display() && !options.no_keep;
    say.step("画面截图", "pictures of the screens");
    say.note(&folder.join("screens").display().to_string());
    say.line("");
    say.line(&format!("  管理台 Console    {}", end.server_url));
    say.line(&format!("  一次登录 One-time  {}", end.sign_in_link));
    say.line("");
    let keep = options.keep || !options.no_keep && std::io::stdin().is_terminal();
    if display {
        if let Some(operator) = site.operators.get(2) {
            let (name, pin, badge) = (operator.name, &operator.pin, &operator.badge);
            say.line(&format!("  手持机窗口 Handheld   {name}, PIN {pin}"));
            say.line("  把工牌或标签举到相机前 A badge or label before its camera:");
            let folder = folder.display();
            say.line(&format!(
                "      cp {folder}/labels/badge-{badge}.png {folder}/camera/"
            ));
        }
        say.line("  关闭手持机窗口即结束。 Close the handheld's window to end.");
        if programs.window()?.wait()? {
            return Ok(());
        }
        say.line("  窗口打不开。 The window cannot be opened on this display.");
    }
    if keep {
        say.line("  服务器继续运行，按 Ctrl-C 结束。 The server keeps running; Ctrl-C ends it.");
        end.server.wait()?;
        return Ok(());
    }
    say.line("  演示结束，服务器已停止；scripts/demo --keep 让它继续运行。");
    say.line("  The demo is over and the server stopped; scripts/demo --keep keeps it running.");
    end.server.end();
    Ok(())
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("DISPLAY")
}

/// Removes what an earlier run made, and nothing else.
fn clear(folder: &Path) -> anyhow::Result<()> {
    let made = [
        "labels",
        "camera",
        "screens",
        "server",
        "handheld-1",
        "handheld-2",
        "handheld-3",
    ];
    for name in made {
        for path in [folder.join(name), folder.join(format!("{name}.config"))] {
            if path.exists() {
                fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
            }
        }
    }
    for name in ["camera", "screens"] {
        fs::create_dir_all(folder.join(name)).context("the demo's folder")?;
    }
    Ok(())
}
