//! How the server is: for a person's monitoring, not for the console. Counters for requests are kept as they are answered;
//! the rest is read when it is asked for. The text is that of OpenMetrics 1.0.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::state::AppState;

/// Seconds: from a page out of the cache to a request that is given up.
const BUCKETS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.15, 0.3, 1.0, 3.0, 10.0, 60.0];

/// A request's route as it is written, never its path: paths may hold one-time tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: String,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u32,
}

/// What is read at the moment it is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// Exceptions, field conflicts and devices in quarantine that wait for a decision.
    pub open_exceptions: u64,
    /// Devices that are enrolled and not revoked.
    pub devices: u64,
    /// Devices that were heard of in the last hour.
    pub devices_heard: u64,
    /// Entries of all logs.
    pub log_entries: u64,
    /// Entries that this node's read model lacks.
    pub log_behind: u64,
}

/// All figures of one server.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram>,
    open_exceptions: Count,
    devices: Count,
    devices_heard: Count,
    log_entries: Count,
    log_behind: Count,
}

type Count = Gauge<u64, AtomicU64>;

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("tallyman");
        let requests = Family::default();
        registry.register("requests", "Requests answered", requests.clone());
        let seconds: Family<Asked, Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register_with_unit(
            "request_duration",
            "Time until the answer began",
            Unit::Seconds,
            seconds.clone(),
        );
        let mut count = |name: &str, help: &str| {
            let gauge = Count::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        Self {
            open_exceptions: count("open_exceptions", "What waits for a decision"),
            devices: count("devices", "Devices enrolled and not revoked"),
            devices_heard: count("devices_heard", "Devices heard of in the last hour"),
            log_entries: count("log_entries", "Entries of all logs"),
            log_behind: count("log_behind", "Entries that the read model lacks"),
            registry,
            requests,
            seconds,
        }
    }
}

impl Metrics {
    /// Media type of [`Self::text`].
    pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Everything as text.
    ///
    /// # Errors
    /// None that this encoder makes.
    pub fn text(&self, reading: Reading) -> Result<String, std::fmt::Error> {
        self.open_exceptions.set(reading.open_exceptions);
        self.devices.set(reading.devices);
        self.devices_heard.set(reading.devices_heard);
        self.log_entries.set(reading.log_entries);
        self.log_behind.set(reading.log_behind);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts a request and how long it took.
pub(crate) async fn measure(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    // Whatever is asked of a path that is no route is one figure: strangers do not make new ones.
    let route = route.map_or("-", MatchedPath::as_str).to_owned();
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE") => known,
        _ => "-",
    };
    let asked = Asked {
        method: method.to_owned(),
        route,
    };
    let began = Instant::now();
    let response = next.run(request).await;
    let metrics = app.metrics();
    let answered = Answered {
        method: asked.method.clone(),
        route: asked.route.clone(),
        status: response.status().as_u16().into(),
    };
    metrics.requests.get_or_create(&answered).inc();
    let seconds = began.elapsed().as_secs_f64();
    metrics.seconds.get_or_create(&asked).observe(seconds);
    response
}
