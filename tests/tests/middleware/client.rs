use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Sends the raw request and reads until the server closes, or until `leave_at` has come, and
/// leaves then. `\n` in the request stands for a line end.
pub(crate) fn send(server: SocketAddr, request: &str, leave_at: Option<&str>) -> String {
    let mut stream = TcpStream::connect(server).expect("the server accepts");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket has time-outs");
    let head = format!("{}\nHost: shop.test\n", request.lines().next().unwrap_or_default());
    let fields: String = request.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let request = format!("{head}{fields}\n").replace('\n', "\r\n");
    stream.write_all(request.as_bytes()).expect("the server reads");

    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            // A handler that panics takes its connection along.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => {
                panic!("no answer: {error}; so far {:?}", String::from_utf8_lossy(&answer))
            }
        }
        let text = String::from_utf8_lossy(&answer);
        if leave_at.is_some_and(|needle| text.contains(needle)) {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}
