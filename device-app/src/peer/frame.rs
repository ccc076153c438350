//! Frames on a connection: a length, a kind, a body; sizes are bounded before anything is allocated.

use std::io;

use protocol::PeerFrame;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Writes one frame.
///
/// # Errors
/// The connection broke, or the body passes four gigabytes.
pub(super) async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    kind: PeerFrame,
    body: &[u8],
) -> io::Result<()> {
    let frame = kind.frame(body).ok_or(io::ErrorKind::InvalidInput)?;
    stream.write_all(&frame).await?;
    stream.flush().await
}

/// The next frame; `None` at the end of the connection.
///
/// # Errors
/// The connection broke; [`io::ErrorKind::InvalidData`]: the frame passes `bytes_max` or is of no known kind.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    bytes_max: usize,
) -> io::Result<Option<(PeerFrame, Vec<u8>)>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length).await {
        Ok(_) => {}
        // TLS without a farewell is the same to us: nothing rests on the end of a connection.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = PeerFrame::body_bytes(length, bytes_max).ok_or(io::ErrorKind::InvalidData)?;
    let kind = PeerFrame::from_number(stream.read_u8().await?).ok_or(io::ErrorKind::InvalidData)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some((kind, body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_written_is_read() {
        let (mut here, mut there) = tokio::io::duplex(64);
        write(&mut here, PeerFrame::Exchange, b"goods")
            .await
            .unwrap();
        write(&mut here, PeerFrame::Hello, b"").await.unwrap();
        drop(here);
        let read = read(&mut there, 100).await.unwrap();
        assert_eq!(read, Some((PeerFrame::Exchange, b"goods".to_vec())));
        let next = super::read(&mut there, 100).await.unwrap();
        assert_eq!(next, Some((PeerFrame::Hello, Vec::new())));
        assert_eq!(super::read(&mut there, 100).await.unwrap(), None);
    }

    #[tokio::test]
    async fn sizes_and_kinds_that_cannot_be_are_refused_before_a_body_is_waited_for() {
        for bytes in [
            &[0xff, 0xff, 0xff, 0xff, 2][..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 101, 2],
            &[0, 0, 0, 2, 99, 0],
        ] {
            let (mut here, mut there) = tokio::io::duplex(64);
            here.write_all(bytes).await.unwrap();
            let refused = read(&mut there, 100).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
    }
}
