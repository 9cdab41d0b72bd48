use httparse::{EMPTY_HEADER, Response, Status, parse_chunk_size};

/// Most header lines of an answer.
const MAX_HEADERS: usize = 64;

/// The body of an answer, once all of it is there; `ended` says that nothing follows. Anything but
/// a 200 is an error, a redirect too: what is asked here has no reason to send us elsewhere.
pub(super) fn body(received: &[u8], ended: bool, most: usize) -> Result<Option<Vec<u8>>, String> {
    let body = match head(received, most)? {
        None => None,
        Some((start, Length::Known(length))) => received[start..].get(..length).map(<[u8]>::to_vec),
        Some((start, Length::Chunked)) => unchunked(&received[start..], most)?,
        Some((start, Length::UntilEnd)) => ended.then(|| received[start..].to_vec()),
    };
    if body.is_none() && ended {
        return Err("the connection ended in the middle of the answer".into());
    }
    Ok(body)
}

enum Length {
    Known(usize),
    Chunked,
    UntilEnd,
}

/// Where the body begins and how its end is told, once the head is there.
fn head(received: &[u8], most: usize) -> Result<Option<(usize, Length)>, String> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut head = Response::new(&mut headers);
    let start = match head.parse(received) {
        Ok(Status::Complete(start)) => start,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("the answer is not HTTP: {error}")),
    };
    if head.code != Some(200) {
        return Err(format!("the answer is {}", head.code.unwrap_or_default()));
    }
    let header = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value.trim_ascii())
    };
    let length = match (header("transfer-encoding"), header("content-length")) {
        (Some(encoding), _) if encoding.eq_ignore_ascii_case(b"chunked") => Length::Chunked,
        (Some(_), _) => return Err("the answer has a transfer encoding we cannot read".into()),
        (None, Some(length)) => Length::Known(known(length, most)?),
        (None, None) => Length::UntilEnd,
    };
    Ok(Some((start, length)))
}

fn known(length: &[u8], most: usize) -> Result<usize, String> {
    let length = std::str::from_utf8(length).ok().and_then(|text| text.parse().ok());
    length
        .filter(|&length| length <= most)
        .ok_or_else(|| format!("the answer's content-length is no number up to {most}"))
}

/// The chunks put together, once the last one is there; what follows it is of no use to us.
fn unchunked(mut rest: &[u8], most: usize) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    loop {
        let size = parse_chunk_size(rest).map_err(|_| "the answer has a malformed chunk")?;
        let Status::Complete((line, size)) = size else { return Ok(None) };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size == 0 {
            return Ok(Some(body));
        }
        if size > most {
            return Err(format!("the answer has a chunk over {most} bytes"));
        }
        let end = line + size;
        let (Some(chunk), Some(line_end)) = (rest.get(line..end), rest.get(end..end + 2)) else {
            return Ok(None);
        };
        if line_end != b"\r\n" {
            return Err("the answer has a malformed chunk".into());
        }
        body.extend_from_slice(chunk);
        rest = &rest[end + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of an answer that arrives byte by byte.
    fn read(answer: &str) -> Result<String, String> {
        for length in 0..=answer.len() {
            if let Some(body) = body(&answer.as_bytes()[..length], false, 1_000)? {
                return Ok(String::from_utf8(body).unwrap());
            }
        }
        let body = body(answer.as_bytes(), true, 1_000)?;
        Ok(String::from_utf8(body.unwrap()).unwrap())
    }

    #[test]
    fn the_end_of_a_body() {
        let answers = [
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyrest",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1\r\nb\r\n3;x=y\r\nody\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\nbody",
        ];
        for answer in answers {
            assert_eq!(read(answer).unwrap(), "body", "{answer:?}");
        }
    }

    #[test]
    fn what_is_refused() {
        let answers = [
            "",
            "HTTP/1.1 200",
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nbody",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nbody",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbodyXX0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nbody",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nbody",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n",
        ];
        for answer in answers {
            assert!(read(answer).is_err(), "{answer:?}");
        }
    }
}
