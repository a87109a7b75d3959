// SPDX-License-Identifier: MIT
// Puts a canvas over each chart, to zoom, to read values off and to hide curves. The page has its
// pictures and tables without this script.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const dashes = [[], [9, 4], [2, 4], [10, 4, 2, 4], [5, 5], [14, 4]];
  const colorOf = (curve) => color(curve.style < 0 ? "--grey" : `--c${curve.style % 6}`);
  const plots = [];

  const shown = (value) => {
    if (value === null || value === undefined) return "";
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e9) return String(value);
    return size >= 1e-3 && size < 1e5 ? value.toFixed(4) : value.toPrecision(4);
  };
  // With as many decimals as tell the ticks apart.
  const tickLabels = (values) => {
    const known = values.filter((value) => value !== null);
    const isExact = (decimals) =>
      known.every((value) => Math.abs(Number(value.toFixed(decimals)) - value) <= 1e-6 * Math.abs(value));
    const decimals = [...Array(13).keys()].find(isExact) ?? 12;
    return values.map((value) => {
      if (value === null) return "";
      const size = Math.abs(value);
      return size !== 0 && (size >= 1e5 || size < 1e-4)
        ? String(Number(value.toPrecision(4)).toExponential()).replace("+", "")
        : value.toFixed(decimals);
    });
  };

  // The nearest point of a curve that has a value, since curves share one list of x.
  const nearest = (plot, curve, index) => {
    const values = plot.data[curve];
    for (let away = 0; away < values.length; ++away) {
      for (const i of [index - away, index + away]) {
        if (values[i] !== null && values[i] !== undefined) return i;
      }
    }
    return null;
  };

  // The margins of the pictures below.
  const linearRange = (plot, min, max) => {
    if (min === null || max === null) return [0, 1];
    const margin = 0.05 * (max - min) || 0.1 * Math.abs(max) || 0.5;
    return [min - margin, max + margin];
  };
  const isPowerOfTen = (value) => Math.abs(Math.log10(value) % 1) < 1e-9;
  const powersOfTen = (plot, splits) => splits.map((value) => (isPowerOfTen(value) ? value : null));

  const curveOptions = (curve) => {
    const isPoint = curve.kind === "point";
    const isBackground = curve.kind === "background";
    return {
      label: curve.name,
      stroke: () => colorOf(curve),
      width: isPoint ? 0 : isBackground ? 1 : 2,
      alpha: isBackground ? 0.45 : 1,
      dash: curve.style < 0 ? [] : dashes[curve.style % 6],
      paths: isPoint ? () => null : undefined,
      points: isPoint
        ? { show: true, size: 11, width: 0, fill: () => colorOf(curve) }
        : { show: curve.x.length === 1, size: 7, fill: () => colorOf(curve) },
    };
  };

  const bandCurves = (band) => ["low", "high"].map((edge) => ({
    name: `${band.name} ${edge}`, kind: "line", style: band.style, x: band.x, y: band[edge], isEdge: true,
  }));

  const axisOptions = (chart) => {
    const epochs = chart.x_of_epoch;
    const look = { stroke: () => color("--soft"), font: "12px system-ui, sans-serif" };
    const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8];
    return [
      { ...look, label: epochs ? "epoch" : chart.x, labelFont: look.font, labelSize: 16, size: 30, gap: 3, space: 60,
        border: { show: true, stroke: () => color("--soft"), width: 1 },
        grid: { show: false }, ticks: { stroke: () => color("--soft"), width: 1, size: 4 },
        incrs: epochs ? steps.map((step) => step * epochs) : steps,
        values: (plot, splits) => tickLabels(splits.map((x) => (epochs ? x / epochs : x))) },
      { ...look, size: 62, space: 34, ticks: { show: false },
        grid: { stroke: () => color("--hair"), width: 1, ...(chart.log ? { filter: powersOfTen } : {}) },
        ...(chart.log ? { filter: powersOfTen } : {}),
        values: (plot, splits) => chart.log ? splits.map((y) => (y === null ? "" : tickLabels([y])[0])) : tickLabels(splits) },
    ];
  };

  const addLegend = (figure, chart, plot) => {
    const legend = figure.querySelector(".legend");
    const items = legend.querySelectorAll("li");
    const outputs = chart.curves.map((curve, c) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      button.append(...items[c].childNodes);
      const output = document.createElement("output");
      button.append(output);
      items[c].append(button);
      button.addEventListener("click", () => {
        const show = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(show));
        plot.setSeries(c + 1, { show });
      });
      return output;
    });
    const readout = document.createElement("li");
    readout.className = "readout";
    legend.append(readout);
    const update = () => {
      const index = plot.cursor.idx;
      const isOn = index !== null && index !== undefined && plot.cursor.left >= 0;
      if (isOn) legend.classList.add("reading");
      const x = isOn ? plot.data[0][index] : null;
      const epoch = chart.x_of_epoch ? `epoch ${shown(Math.round((x / chart.x_of_epoch) * 100) / 100)}, ` : "";
      readout.textContent = isOn ? `${epoch}${chart.x} ${shown(x)}` : "";
      outputs.forEach((output, c) => {
        const at = isOn ? nearest(plot, c + 1, index) : null;
        output.textContent = at === null ? "" : shown(plot.data[c + 1][at]);
      });
    };
    return update;
  };

  const addKeys = (live, plot) => {
    live.tabIndex = 0;
    live.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (move) {
        const last = plot.data[0].length - 1;
        const index = Math.min(last, Math.max(0, (plot.cursor.idx ?? (move > 0 ? -1 : last + 1)) + move));
        plot.setCursor({ left: plot.valToPos(plot.data[0][index], "x"), top: plot.over.clientHeight / 2 });
      } else if (event.key === "Escape") {
        reset(plot);
      } else {
        return;
      }
      event.preventDefault();
    });
  };

  const reset = (plot) => {
    const x = plot.data[0];
    plot.setScale("x", { min: x[0], max: x[x.length - 1] });
  };

  const build = (chart) => {
    const figure = document.getElementById(chart.id);
    const curves = [...chart.curves, ...chart.bands.flatMap(bandCurves)];
    const positive = (y) => (chart.log ? y.map((value) => (value > 0 ? value : null)) : y);
    const drawn = (y) => positive(y).map((value) => (Math.abs(value) > 1e300 ? null : value));
    const joined = uPlot.join(curves.map((curve) => [curve.x, drawn(curve.y)]));
    const box = figure.querySelector(".plot");
    const live = document.createElement("div");
    live.className = "live";
    live.setAttribute("role", "img");
    live.setAttribute("aria-label", `${chart.title}. ${box.querySelector("desc").textContent}`);
    box.append(live);
    const resetButton = document.createElement("button");
    resetButton.type = "button";
    resetButton.className = "reset";
    resetButton.hidden = true;
    resetButton.textContent = "Reset zoom";
    const height = figure.classList.contains("wide") ? 340 : 230;
    const first = chart.curves.length + 1;
    let update = () => {};
    const whole = [joined[0][0], joined[0][joined[0].length - 1]];
    const options = {
      width: box.clientWidth, height, legend: { show: false },
      scales: { x: { time: false, range: (plot, min, max) => (min === max ? [min - 1, max + 1] : [min, max]) },
        y: chart.log ? { distr: 3 } : { range: linearRange } },
      axes: axisOptions(chart),
      series: [{}, ...curves.map((curve) => ({
        ...curveOptions(curve), ...(curve.isEdge ? { width: 0, points: { show: false } } : {}) }))],
      bands: chart.bands.map((band, b) => ({
        series: [first + 2 * b + 1, first + 2 * b], fill: () => `${colorOf(band)}2a` })),
      cursor: { sync: { key: chart.x, setSeries: false }, drag: { x: true, y: false }, y: false,
        dataIdx: (plot, curve, index) => nearest(plot, curve, index) },
      hooks: {
        setCursor: [() => update()],
        setScale: [(plot, key) => {
          if (key === "x") resetButton.hidden = plot.scales.x.min <= whole[0] && plot.scales.x.max >= whole[1];
        }],
      },
    };
    const plot = new uPlot(options, joined, live);
    update = addLegend(figure, chart, plot);
    addKeys(live, plot);
    resetButton.addEventListener("click", () => reset(plot));
    figure.querySelector("details").before(resetButton);
    new ResizeObserver(() => {
      const width = box.clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height });
    }).observe(box);
    plots.push(plot);
  };

  document.documentElement.classList.add("scripted");
  data.charts.forEach(build);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    plots.forEach((plot) => plot.redraw(false, true));
  });
})();
