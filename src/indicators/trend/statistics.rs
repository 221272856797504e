//! Slopes and their significance: Theil-Sen and Mann-Kendall, plain and by season.
//!
//! Sources: Sen 1968 and Gilbert 1987 (slope and interval), Kendall 1975 (variance with ties), Hirsch
//! and Slack 1982 (seasons). All of it is a function of the points alone.

/// A value at a whole step of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) step: i64,
    pub(super) value: f64,
}

/// A monotonic trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trend {
    /// By step.
    pub(super) slope: f64,
    /// The interval of the slope at 95 %.
    pub(super) lower: f64,
    pub(super) upper: f64,
    /// The value at step 0 of the line through the medians.
    pub(super) intercept: f64,
    /// Kendall's sum of signs.
    pub(super) s: i64,
    pub(super) variance: f64,
    /// Whether the sum could be chance alone: two-sided.
    pub(super) p_value: f64,
}

/// The normal quantile of 97.5 %.
const Z_95: f64 = 1.959_963_984_540_054;

/// Finds the trend of points, each of which is compared with those of its season alone: a step's
/// season is its rest by `n_seasons`. `None` where no two can be compared.
pub(super) fn trend(points: &[Point], n_seasons: i64) -> Option<Trend> {
    let (mut s, mut variance) = (0, 0.0);
    let mut slopes = Vec::new();
    for season in 0..n_seasons {
        let own: Vec<Point> = points
            .iter()
            .copied()
            .filter(|point| point.step.rem_euclid(n_seasons) == season)
            .collect();
        for (at, first) in own.iter().enumerate() {
            for second in &own[at + 1..] {
                let rise = second.value - first.value;
                s += i64::from(rise > 0.0) - i64::from(rise < 0.0);
                slopes.push(rise / (second.step - first.step) as f64);
            }
        }
        variance += variance_of(&own);
    }
    if slopes.is_empty() {
        return None;
    }
    slopes.sort_by(f64::total_cmp);
    let slope = median(&slopes);
    let (lower, upper) = interval(&slopes, variance);
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let steps: Vec<f64> = points.iter().map(|point| point.step as f64).collect();
    let intercept = median_of(values) - slope * median_of(steps);
    Some(Trend { slope, lower, upper, intercept, s, variance, p_value: p_value(s, variance) })
}

/// Returns the median of some values; 0 of none.
pub(super) fn median_of(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    median(&values)
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The variance of the sum of signs, corrected for ties.
fn variance_of(points: &[Point]) -> f64 {
    let term = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut values: Vec<f64> = points.iter().map(|point| point.value).collect();
    values.sort_by(f64::total_cmp);
    let ties = values.chunk_by(|a, b| a == b).map(|tied| term(tied.len() as f64));
    (term(points.len() as f64) - ties.sum::<f64>()) / 18.0
}

/// The slopes between which the true one lies at 95 %, by their ranks: M1 and M2 + 1 (Gilbert 1987).
/// Sen's limits are slopes that were seen, so the nearest rank is taken and nothing is interpolated.
fn interval(sorted: &[f64], variance: f64) -> (f64, f64) {
    let n = sorted.len() as f64;
    let spread = Z_95 * variance.sqrt();
    let lower = ((n - spread) / 2.0).round_ties_even() - 1.0;
    let upper = ((n + spread) / 2.0).round_ties_even();
    let at = |rank: f64| sorted[(rank.max(0.0) as usize).min(sorted.len() - 1)];
    (at(lower), at(upper))
}

/// How likely the sum of signs is by chance: the normal approximation, corrected for continuity.
fn p_value(s: i64, variance: f64) -> f64 {
    if s == 0 || variance <= 0.0 {
        return 1.0;
    }
    let z = (s.abs() - 1) as f64 / variance.sqrt();
    libm::erfc(z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<Point> {
        let point = |(step, value): (usize, &f64)| Point { step: step as i64, value: *value };
        values.iter().enumerate().filter(|(_, v)| !v.is_nan()).map(point).collect()
    }

    fn is_near(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() < 1e-9 * wanted.abs().max(1.0)
    }

    /// J. Little, College of the Holy Cross, "A Mann-Kendall example (by hand)".
    #[test]
    fn a_published_example_comes_out() {
        let values =
            [12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7];
        let found = trend(&points(&values), 1).unwrap();
        assert_eq!(found.s, 54);
        assert!(is_near(found.variance, 14.0 * 13.0 * 33.0 / 18.0 - 2.0 * 1.0 * 9.0 / 18.0));
        let z = (found.s - 1) as f64 / found.variance.sqrt();
        assert_eq!(format!("{z:.4}"), "2.9058");
        assert_eq!(format!("{:.4}", found.p_value / 2.0), "0.0018");
    }

    /// US EPA 2006, "Data Quality Assessment: Statistical Methods for Practitioners" (QA/G-9S), page
    /// 109: eleven days with two groups of ties.
    #[test]
    fn a_published_example_with_ties_comes_out() {
        let values = [10.0, 10.0, 10.0, 5.0, 10.0, 20.0, 18.0, 17.0, 15.0, 24.0, 15.0];
        let found = trend(&points(&values), 1).unwrap();
        assert_eq!(found.s, 22);
        assert_eq!(format!("{:.2}", found.variance), "155.33");
        let z = (found.s - 1) as f64 / found.variance.sqrt();
        assert_eq!(format!("{z:.3}"), "1.685");
    }

    /// US EPA 2009, "Statistical Analysis of Groundwater Monitoring Data at RCRA Facilities: Unified
    /// Guidance", example 14-10: three years of months. `EnvStats` (R) gives the slope of 0.06 a year
    /// and these z and p; and the interval from 0.05786914 to 0.07213086, for which it interpolates
    /// between ranks 11 and 12 (0.055, 0.06) and 25 and 26 (0.07, 0.075). The nearest are 12 and 25.
    #[test]
    fn a_published_example_by_season_comes_out() {
        let values = [
            1.99, 2.10, 2.12, 2.12, 2.11, 2.15, 2.19, 2.18, 2.16, 2.08, 2.05, 2.08, //
            2.01, 2.10, 2.17, 2.13, 2.13, 2.18, 2.25, 2.24, 2.22, 2.13, 2.08, 2.16, //
            2.15, 2.17, 2.27, 2.23, 2.24, 2.26, 2.31, 2.32, 2.28, 2.22, 2.19, 2.22,
        ];
        let found = trend(&points(&values), 12).unwrap();
        assert_eq!(found.s, 35);
        assert!(is_near(12.0 * found.slope, 0.06));
        assert!(is_near(12.0 * found.lower, 0.06) && is_near(12.0 * found.upper, 0.07));
        let z = (found.s - 1) as f64 / found.variance.sqrt();
        assert_eq!(format!("{z:.7}"), "5.1849514");
        assert_eq!(format!("{:.6e}", found.p_value), "2.160712e-7");
    }

    /// The normal approximation is held good from 10 points on (Kendall 1975, as Gilbert 1987 tells). At
    /// 5 % it decides as the exact distribution of the sum of signs from 8 on; at 19 one sum is just
    /// beside it (0.0501 for 0.0490).
    #[test]
    fn few_points_are_judged_as_by_the_exact_distribution() {
        // How many orders of so many points have so many pairs out of order.
        let mut orders = vec![1.0];
        for n in 2..=18_usize {
            let mut longer = vec![0.0; orders.len() + n - 1];
            for (pairs, count) in orders.iter().enumerate() {
                (0..n).for_each(|more| longer[pairs + more] += count);
            }
            orders = longer;
            let (all, n_pairs) = (orders.iter().sum::<f64>(), orders.len() - 1);
            let n = n as f64;
            let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
            for wrong in (0..n_pairs.div_ceil(2)).filter(|_| n >= 8.0) {
                let exact = 2.0 * orders[..=wrong].iter().sum::<f64>() / all;
                let s = (n_pairs - 2 * wrong) as i64;
                let near = p_value(s, variance);
                assert_eq!(near < 0.05, exact < 0.05, "{n} points, {s}: {near} {exact}");
            }
        }
    }

    /// What scipy 1.17.1's `theilslopes` and pymannkendall 1.4.3's `original_test` give.
    #[test]
    fn slope_and_interval_are_those_of_other_libraries() {
        let values = [55.2, 58.1, 53.0, 61.2, 60.0, 62.2, 59.9, 64.1, 66.0, 63.5, 63.5, 67.8];
        let found = trend(&points(&values), 1).unwrap();
        assert!(is_near(found.slope, 0.965) && is_near(found.intercept, 56.3925));
        assert!(is_near(found.lower, 0.6) && is_near(found.upper, 1.5));
        assert_eq!(found.s, 45);
        assert!(is_near(found.variance, 635.0 / 3.0));
        assert!(is_near(found.p_value, 0.002_492_001_671_406_507_4));
    }

    /// The line of a straight series is itself, and is sure.
    #[test]
    fn a_straight_series_has_its_own_slope() {
        let line: Vec<f64> = (0..12).map(|step| 3.0 + 0.5 * f64::from(step)).collect();
        let found = trend(&points(&line), 1).unwrap();
        assert!(is_near(found.slope, 0.5) && is_near(found.intercept, 3.0));
        assert!(is_near(found.lower, 0.5) && is_near(found.upper, 0.5));
        assert_eq!(found.s, 66);
        assert!(found.p_value < 1e-5, "{}", found.p_value);
    }

    /// A season's own height is no trend.
    #[test]
    fn seasons_are_compared_with_themselves() {
        let seasonal: Vec<f64> =
            (0..48).map(|step| f64::from(step % 12) * 10.0 + f64::from(step) / 12.0).collect();
        let found = trend(&points(&seasonal), 12).unwrap();
        assert!(is_near(found.slope, 1.0 / 12.0), "{}", found.slope);
        assert_eq!(found.s, 12 * 6);
    }

    #[test]
    fn too_few_points_and_equal_ones_have_no_trend() {
        assert_eq!(trend(&points(&[1.0]), 1), None);
        assert_eq!(trend(&points(&[1.0, 2.0, 3.0]), 12), None);
        let flat = trend(&points(&[2.0; 9]), 1).unwrap();
        assert_eq!((flat.slope, flat.s, flat.p_value), (0.0, 0, 1.0));
    }
}
