//! Rate limits that all workers of a run share: after a 429 nothing more goes through until the platform said so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// The shortest pause after a 429, whatever the headers say: a reset time in the past must not lead to a busy loop.
const LEAST: Duration = Duration::from_millis(250);

/// A pause that no run outlives; a header may ask for more than any clock can hold.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The platform's own header that says when its limit is reset: in so many seconds, or at a second since 1970. The size
/// of the number tells which of the two it is, whatever the documentation says: no pause takes 30 years.
#[derive(Clone, Copy, Debug)]
pub struct Reset(pub &'static str);

/// From here on a number is a point in time.
const FIRST_POINT: Duration = Duration::from_secs(1_000_000_000);

/// The buckets that are empty, and how often each has been in a row.
pub(super) struct Limiter {
    reset: Reset,
    /// How long a platform that does not say blocks whoever asked too often; `None`: nobody knows.
    block: Option<Duration>,
    buckets: Mutex<HashMap<&'static str, Bucket>>,
    /// The platform said last that few requests are left.
    few_left: AtomicBool,
}

struct Bucket {
    empty_until: Duration,
    growing: ExponentialBackoff,
}

impl Limiter {
    pub(super) fn new(reset: Reset, block: Option<Duration>) -> Self {
        Self { reset, block, buckets: Mutex::new(HashMap::new()), few_left: AtomicBool::new(false) }
    }

    /// Notes whether few requests are left, where an answer says so.
    pub(super) fn count(&self, left: Option<&str>, few: u64) {
        if let Some(left) = left.and_then(|left| left.trim().parse::<u64>().ok()) {
            self.few_left.store(left < few, Ordering::Relaxed);
        }
    }

    /// Whether few requests are left.
    pub(super) fn is_to_be_spared(&self) -> bool {
        self.few_left.load(Ordering::Relaxed)
    }

    /// When the bucket is filled again, in time since the start of the run; `None` when it is not empty.
    pub(super) fn empty_until(&self, bucket: &'static str, now: Duration) -> Option<Duration> {
        self.buckets().get(bucket).map(|bucket| bucket.empty_until).filter(|until| *until > now)
    }

    /// Notes that a request got through: the next pause without a header is short again.
    pub(super) fn passed(&self, bucket: &'static str) {
        if let Some(bucket) = self.buckets().get_mut(bucket) {
            bucket.growing = Bucket::new().growing;
        }
    }

    /// Holds a bucket empty; never fills one earlier than another worker's answer said.
    pub(super) fn hold(&self, bucket: &'static str, until: Duration) {
        let mut buckets = self.buckets();
        let bucket = buckets.entry(bucket).or_insert_with(Bucket::new);
        bucket.empty_until = bucket.empty_until.max(until);
    }

    /// How long to send nothing: by Retry-After, else by the platform's own header, else as long as it is known to block,
    /// else growing pauses.
    pub(super) fn pause<'h>(
        &self,
        bucket: &'static str,
        header: impl Fn(&str) -> Option<&'h str>,
        clock: SystemTime,
    ) -> Duration {
        // The server's own clock decides what a date means; ours may be off.
        let now = header("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(clock);
        let asked = header("retry-after")
            .and_then(|value| retry_after(value, now))
            .or_else(|| until_reset(header(self.reset.0)?, now))
            .or(self.block);
        let pause = asked.unwrap_or_else(|| {
            let mut buckets = self.buckets();
            buckets.entry(bucket).or_insert_with(Bucket::new).growing.next().unwrap_or(LEAST)
        });
        pause.clamp(LEAST, DAY)
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<&'static str, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn new() -> Self {
        let growing = ExponentialBuilder::default()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(Duration::from_secs(30))
            .without_max_times()
            .with_jitter();
        Self { empty_until: Duration::ZERO, growing: growing.build() }
    }
}

/// `Retry-After` as seconds or as a date (RFC 9110, section 10.2.3).
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    seconds(value).or_else(|| {
        let date = httpdate::parse_http_date(value).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    })
}

fn seconds(value: &str) -> Option<Duration> {
    let seconds: f64 = value.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn until_reset(value: &str, now: SystemTime) -> Option<Duration> {
    let number = seconds(value)?;
    if number < FIRST_POINT {
        return Some(number);
    }
    let reset = UNIX_EPOCH.checked_add(number)?;
    Some(reset.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pause(headers: &[(&str, &str)], reset: Reset) -> Duration {
        let clock = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let header = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        Limiter::new(reset, None).pause("", header, clock)
    }

    const EPOCH: Reset = Reset("ratelimit-reset");

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(pause(&[("retry-after", "7")], EPOCH), Duration::from_secs(7));
        let date = [("date", "Sun, 09 Sep 2001 01:46:40 GMT"), ("retry-after", "Sun, 09 Sep 2001 01:46:52 GMT")];
        assert_eq!(pause(&date, EPOCH), Duration::from_secs(12));
    }

    #[test]
    fn the_platforms_own_header_comes_second() {
        assert_eq!(pause(&[("ratelimit-reset", "1000000030")], EPOCH), Duration::from_secs(30));
        // Told apart by its size, whichever is documented.
        for (value, seconds) in [("9", 9), ("3600", 3600), ("1000000001", 1), ("1000000009", 9)] {
            let asked = pause(&[("x-reset", value)], Reset("x-reset"));
            assert_eq!(asked, Duration::from_secs(seconds), "{value}");
        }
        let both = [("retry-after", "2"), ("ratelimit-reset", "1000000030")];
        assert_eq!(pause(&both, EPOCH), Duration::from_secs(2));
    }

    #[test]
    fn a_reset_in_the_past_is_still_a_pause() {
        assert_eq!(pause(&[("ratelimit-reset", "1000000000")], EPOCH), LEAST);
        assert_eq!(pause(&[("ratelimit-reset", "0")], EPOCH), LEAST);
        assert_eq!(pause(&[("retry-after", "0")], EPOCH), LEAST);
    }

    #[test]
    fn a_time_beyond_any_run_can_still_be_reckoned_with() {
        for endless in ["18446744073709549568", "1e19", "1e300"] {
            let asked = pause(&[("retry-after", endless)], EPOCH);
            assert!(asked.checked_add(DAY * 2).is_some(), "{endless}");
        }
        assert!(pause(&[("ratelimit-reset", "1000000000000")], EPOCH) >= DAY);
    }

    #[test]
    fn without_a_header_the_pauses_grow() {
        let limiter = Limiter::new(EPOCH, None);
        let pauses: Vec<_> = (0..6).map(|_| limiter.pause("", |_| None, UNIX_EPOCH)).collect();
        assert!(pauses[0] >= Duration::from_secs(1) && pauses[0] <= Duration::from_secs(2));
        assert!(pauses[5] >= Duration::from_secs(16) && pauses[5] <= Duration::from_secs(64));
    }

    #[test]
    fn a_platform_that_is_known_to_block_for_so_long_need_not_say_so() {
        let block = Duration::from_secs(300);
        let limiter = Limiter::new(EPOCH, Some(block));
        assert_eq!(limiter.pause("", |_| None, UNIX_EPOCH), block);
        let told = |name: &str| (name == "retry-after").then_some("7");
        assert_eq!(limiter.pause("", told, UNIX_EPOCH), Duration::from_secs(7));
    }

    #[test]
    fn few_requests_are_left_as_the_last_answer_that_says_it_said() {
        let limiter = Limiter::new(EPOCH, None);
        for (left, few) in
            [(None, false), (Some("50"), false), (Some(" 49 "), true), (Some("many"), true), (Some("51"), false)]
        {
            limiter.count(left, 50);
            assert_eq!(limiter.is_to_be_spared(), few, "{left:?}");
        }
    }

    #[test]
    fn a_bucket_is_never_filled_early() {
        let limiter = Limiter::new(EPOCH, None);
        limiter.hold("a", Duration::from_secs(9));
        limiter.hold("a", Duration::from_secs(3));
        assert_eq!(limiter.empty_until("a", Duration::from_secs(4)), Some(Duration::from_secs(9)));
        assert_eq!(limiter.empty_until("a", Duration::from_secs(9)), None);
        assert_eq!(limiter.empty_until("b", Duration::ZERO), None);
    }

    proptest! {
        #[test]
        fn no_header_panics(value in "\\PC{0,40}") {
            let _ = pause(&[("retry-after", &value), ("ratelimit-reset", &value), ("date", &value)], EPOCH);
        }
    }
}
