// SPDX-License-Identifier: GPL-2.0-or-later
//! gateway [WORKERS [PORT]]: an HTTP service on loopback with a tokio runtime that has far more workers than the
//! machine has CPUs. A request fans out into tasks, as calls to other services do, and each of them enters every field
//! of its answer in one table that all share, under a std Mutex that it holds for about a microsecond. Ends by itself
//! after a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, fs, io, process, thread};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const LIMIT: Duration = Duration::from_secs(60);
const FAN_OUT: u32 = 8;
const FIELDS: u32 = 64;
const SAMPLES: usize = 8192;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhere\n";

/// The last sizes that were seen of each field.
type Table = Mutex<HashMap<u32, Vec<u32>>>;

/// Everything under the lock: the entry, and a mean over the field's samples.
#[inline(never)]
fn account_field(table: &Table, field: u32, size: u32) -> u32 {
    let mut fields = table.lock().unwrap();
    let samples = fields.entry(field).or_insert_with(|| vec![0; SAMPLES]);
    samples[size as usize % SAMPLES] = size;
    let mean = samples.iter().sum::<u32>() / SAMPLES as u32;
    drop(fields);
    mean
}

/// A call to a service, as far as it costs this host CPU time.
#[inline(never)]
fn handle_call(table: &Table, mut seed: u32) -> u32 {
    let mut mean = 0;
    for field in 0..FIELDS {
        seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
        mean = account_field(table, field, seed >> 12);
    }
    mean
}

async fn answer(table: &Arc<Table>, request: u32) {
    let calls: Vec<_> = (0..FAN_OUT)
        .map(|call| {
            let table = table.clone();
            tokio::spawn(async move { handle_call(&table, request ^ call) })
        })
        .collect();
    for call in calls {
        let _ = call.await;
    }
}

/// Requests have no body: each ends with an empty line, and comes when the one before was answered.
async fn serve(mut stream: TcpStream, table: Arc<Table>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    let (mut filled, mut request) = (0, 0);
    stream.set_nodelay(true)?;
    loop {
        match stream.read(&mut bytes[filled..]).await? {
            0 => return Ok(()),
            n => filled += n,
        }
        if bytes[..filled].ends_with(b"\r\n\r\n") {
            answer(&table, request).await;
            stream.write_all(ANSWER).await?;
            filled = 0;
            request += 1;
        }
    }
}

async fn accept_all(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let table = Arc::new(Table::default());
    if let Ok(path) = env::var("READY") {
        fs::write(path, listener.local_addr()?.port().to_string())?;
    }
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, table.clone()));
    }
}

fn argument<T: std::str::FromStr>(index: usize, otherwise: T) -> T {
    env::args().nth(index).and_then(|word| word.parse().ok()).unwrap_or(otherwise)
}

fn main() -> io::Result<()> {
    thread::spawn(|| {
        thread::sleep(LIMIT);
        process::exit(0);
    });
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(argument(1, 200))
        .enable_io()
        .build()?
        .block_on(accept_all(argument(2, 0)))
}
