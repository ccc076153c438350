//! `seeds FOLDER`: writes the seeds of every target into a folder of its own.

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .unwrap_or_else(|| "corpus".into());
    for (target, _) in fuzz::targets::ALL {
        let folder = std::path::Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder)?;
        for (n, bytes) in fuzz::seeds::of(target).iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n}")), bytes)?;
        }
    }
    Ok(())
}
