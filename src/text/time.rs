//! Times and durations for people.

use std::time::Duration;

use jiff::Timestamp;

/// A duration as people say it: `0.5 s`, `12 s`, `4 min`, `5 min 12 s`, `1 h 3 min`.
pub fn spoken(duration: Duration) -> String {
    let tenths = (duration.as_secs_f64() * 10.0).round() / 10.0;
    if tenths < 10.0 {
        return format!("{tenths} s");
    }
    let seconds = duration.as_secs_f64().round() as u64;
    let (large, small) = match seconds {
        0..60 => return format!("{seconds} s"),
        60..3600 => ((seconds / 60, "min"), (seconds % 60, "s")),
        _ => ((seconds / 3600, "h"), (seconds % 3600 / 60, "min")),
    };
    match small {
        (0, _) => format!("{} {}", large.0, large.1),
        (rest, unit) => format!("{} {} {rest} {unit}", large.0, large.1),
    }
}

/// A time as people read it: `2026-11-28 09:30:00 UTC`.
pub fn utc(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string().replace('T', " ").replace('Z', " UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_to_the_second() {
        for time in ["2026-11-28T09:30:00.999Z", "2026-11-28T09:30:00Z", "2026-11-28T10:30:00+01:00"] {
            assert_eq!(utc(time.parse().unwrap()), "2026-11-28 09:30:00 UTC");
        }
    }

    #[test]
    fn durations_are_said_in_the_units_that_fit_them() {
        for (milliseconds, said) in [
            (0, "0 s"),
            (449, "0.4 s"),
            (9_949, "9.9 s"),
            (9_960, "10 s"),
            (59_400, "59 s"),
            (59_700, "1 min"),
            (240_000, "4 min"),
            (312_000, "5 min 12 s"),
            (3_600_000, "1 h"),
            (86_399_000, "23 h 59 min"),
        ] {
            assert_eq!(spoken(Duration::from_millis(milliseconds)), said);
        }
    }
}
