//! Plots, as SVG.

use plotters::prelude::*;

use crate::functions::Functions;
use crate::ramp::{Climb, Step};
use crate::scenarios::Burst;

const SIZE: (u32, u32) = (760, 420);
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 90, 160), RGBColor(200, 80, 0), RGBColor(110, 110, 110), RGBColor(0, 130, 80)];

/// A line and its name.
type Line = (String, Vec<(f64, f64)>);

/// What a plot says of its axes.
struct Axes {
    title: &'static str,
    x: &'static str,
    y: &'static str,
    y_from: f64,
}

/// File name, title and picture of each.
pub(crate) fn all(
    servers: &[Climb],
    bursts: &[Burst],
    functions: Option<&Functions>,
) -> Vec<(&'static str, &'static str, String)> {
    let mut plots = Vec::new();
    let climbs = servers.iter().map(|one| (one.name.to_owned(), slowest(&one.steps))).collect();
    let mut add = |name, title, x, y, y_from, lines: Vec<Line>| {
        if lines.iter().any(|(_, points)| points.len() > 1) {
            plots.push((name, title, drawn(&Axes { title, x, y, y_from }, &lines)));
        }
    };
    let (rate, p99) = ("requests per second", "p99 in ms");
    add("servers.svg", "How long the slowest in a hundred wait", rate, p99, 1.0, climbs);
    let drains = bursts.iter().map(|one| (format!("{} workers", one.workers), line(&one.backlog)));
    let waiting = "events that wait";
    add("backlog.svg", "A burst and its backlog", "seconds", waiting, 1.0, drains.collect());
    let functions = functions.map(|one| (format!("{} functions", one.most), slowest(&one.steps)));
    let title = "How long the slowest in a hundred wait for a function";
    add("functions.svg", title, rate, p99, 1.0, functions.into_iter().collect());
    plots
}

fn slowest(steps: &[Step]) -> Vec<(f64, f64)> {
    let mut points: Vec<_> =
        steps.iter().map(|step| (step.per_second, step.waited.p99_ms)).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

fn line(points: &[(f64, usize)]) -> Vec<(f64, f64)> {
    points.iter().map(|(at, count)| (*at, *count as f64)).collect()
}

/// The vertical axis is logarithmic: a server is fine, or it is not.
fn drawn(axes: &Axes, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let right = points().map(|point| point.0).fold(1.0, f64::max);
    let top = points().map(|point| point.1).fold(10.0, f64::max) * 1.2;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).expect("a string");
        let mut chart = ChartBuilder::on(&area)
            .caption(axes.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..right * 1.02, (axes.y_from..top).log_scale())
            .expect("a string");
        chart.configure_mesh().x_desc(axes.x).y_desc(axes.y).draw().expect("a string");
        for ((name, points), colour) in lines.iter().zip(COLOURS) {
            let points = points.iter().map(|(x, y)| (*x, y.max(axes.y_from)));
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)))
                .expect("a string")
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
        }
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()
            .expect("a string");
        area.present().expect("a string");
    }
    svg
}
