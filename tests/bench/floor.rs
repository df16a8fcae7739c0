//! The least a receiver can cost: two requests over blocking sockets, written by hand.
//!
//! It verifies nothing, signs nothing, reads no answer beyond its length, and gives up at the
//! first surprise, so it is no receiver. It is what the others are measured against.

#![expect(clippy::disallowed_methods, reason = "a function is told by its environment")]

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut api = Connection::open(&env::var("AWS_LAMBDA_RUNTIME_API")?)?;
    let mut s3 = Connection::open(&env::var("AWS_ENDPOINT_URL")?)?;
    let mut sqs = Connection::open(&env::var("AWS_ENDPOINT_URL_SQS")?)?;
    loop {
        api.send("GET /2018-06-01/runtime/invocation/next HTTP/1.1", "", b"")?;
        let event = api.answer()?;
        let id = event.request_id.ok_or("no request id")?;
        s3.send("PUT /bench/deliveries/x HTTP/1.1", "", &event.body)?;
        s3.answer()?;
        let target = "x-amz-target: AmazonSQS.SendMessage\r\n";
        sqs.send("POST / HTTP/1.1", target, br#"{"MessageBody":"deliveries/x"}"#)?;
        sqs.answer()?;
        let path = format!("POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1");
        api.send(&path, "", br#"{"statusCode":200}"#)?;
        api.answer()?;
    }
}

struct Connection(BufReader<TcpStream>);

struct Answer {
    request_id: Option<String>,
    body: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address.trim_start_matches("http://"))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    fn send(&mut self, line: &str, headers: &str, body: &[u8]) -> Result<()> {
        let length = body.len();
        let head = format!("{line}\r\nhost: x\r\n{headers}content-length: {length}\r\n\r\n");
        self.0.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        Ok(())
    }

    fn answer(&mut self) -> Result<Answer> {
        let (mut request_id, mut length, mut line) = (None, 0, String::new());
        while self.0.read_line(&mut line)? > 2 {
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse()?,
                Some(("lambda-runtime-aws-request-id", value)) => {
                    request_id = Some(value.to_owned());
                }
                _ => {}
            }
            line.clear();
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(Answer { request_id, body })
    }
}
