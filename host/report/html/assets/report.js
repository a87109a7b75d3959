// SPDX-License-Identifier: MIT
// Puts a canvas over each chart, to zoom, to read values off and to hide curves. The page has its
// pictures and tables without this script.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const dashes = [[], [9, 4], [2, 4], [10, 4, 2, 4], [5, 5], [14, 4]];
  const colorOf = (curve) => color(curve.color < 0 ? "--grey" : `--c${curve.color % 6}`);
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

  const isValue = (value) => value !== null && value !== undefined;
  // The nearest point of a curve that has a value, since curves share one list of x.
  const nearest = (values, index) => {
    for (let away = 0; away < values.length; ++away) {
      for (const i of [index - away, index + away]) {
        if (isValue(values[i])) return i;
      }
    }
    return null;
  };
  // Where the pointer can stop: at points of the curves, or of those behind them where there are no others.
  const stopsOf = (joined, curves) => {
    const front = curves.map((curve, c) => c).filter((c) => curves[c].kind !== "background" && !curves[c].isEdge);
    const counted = front.length ? front : curves.map((curve, c) => c);
    return [...joined[0].keys()].filter((i) => counted.some((c) => isValue(joined[c + 1][i])));
  };
  const nearestStop = (plot, stops, x) => {
    const { min, max } = plot.scales.x;
    let best = null;
    for (const i of stops) {
      const at = plot.data[0][i];
      if (at < min || at > max) continue;
      if (best !== null && Math.abs(at - x) > Math.abs(plot.data[0][best] - x)) break;
      best = i;
    }
    return best;
  };

  // Points without a neighbour on either side, which no line shows. What a curve lacks is undefined here, a gap null.
  const alone = (values) => {
    const own = [...values.keys()].filter((i) => values[i] !== undefined);
    return own.filter((i, k) => isValue(values[i]) && !isValue(values[own[k - 1]]) && !isValue(values[own[k + 1]]));
  };
  // The shapes of the pictures below.
  const markerPaths = (corners, size) => (plot, series, first, last, only) => {
    const fill = new Path2D();
    const clip = new Path2D();
    const { left, top, width, height } = plot.bbox;
    const radius = size * uPlot.pxRatio;
    clip.rect(left - 2 * radius, top - 2 * radius, width + 4 * radius, height + 4 * radius);
    const indices = only ?? [...plot.data[0].keys()].slice(first, last + 1);
    for (const i of indices) {
      const value = plot.data[series][i];
      if (!isValue(value)) continue;
      const x = plot.valToPos(plot.data[0][i], "x", true);
      const y = plot.valToPos(value, "y", true);
      if (corners.length === 0) {
        fill.moveTo(x + radius, y);
        fill.arc(x, y, radius, 0, 2 * Math.PI);
      } else {
        corners.forEach(([dx, dy], c) => fill[c ? "lineTo" : "moveTo"](x + dx * radius, y + dy * radius));
        fill.closePath();
      }
    }
    return { stroke: null, fill, clip, flags: 3 };
  };

  // The margins of the pictures below.
  const linearRange = (plot, min, max) => {
    if (min === null || max === null) return [0, 1];
    const margin = 0.05 * (max - min) || 0.1 * Math.abs(max) || 0.5;
    return [min - margin, max + margin];
  };
  const logRange = (plot, min, max) => {
    if (min === null || max === null) return [0.1, 1];
    const margin = Math.max((max / min) ** 0.05, 1.1);
    return [min / margin, max * margin];
  };
  // Round numbers from min to max: of a logarithmic scale, or of a linear one within a decade.
  const logSplits = (plot, axis, min, max) => {
    const within = (values) => values.filter((value) => value >= min && value <= max);
    const first = Math.floor(Math.log10(min));
    const decades = Math.ceil(Math.log10(max)) - first;
    const stride = Math.max(1, Math.floor(decades / 6));
    const factors = max < 100 * min ? [1, 2, 5] : [1];
    const powers = Array.from({ length: Math.floor(decades / stride) + 1 }, (none, i) => first + i * stride);
    const values = within(powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`))));
    if (values.length >= 2 && max >= 10 * min) return values;
    const power = 10 ** Math.floor(Math.log10((max - min) / 4));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= (max - min) / 4);
    return within(Array.from({ length: 6 }, (none, i) => (Math.ceil(min / step) + i) * step));
  };

  const curveOptions = (curve) => {
    const isPoint = curve.kind === "point";
    const isBackground = curve.kind === "background";
    return {
      label: curve.name,
      stroke: () => colorOf(curve),
      width: isPoint ? 0 : isBackground ? 1 : Math.max(curve.color, curve.shape) < dashes.length ? 2 : 1.2,
      alpha: isBackground ? 0.45 : 1,
      dash: dashes[curve.shape % dashes.length],
      paths: isPoint ? () => null : undefined,
      points: { show: true, size: 9, width: 0, fill: () => colorOf(curve),
        filter: (plot, series) => (curve.markers ? null : alone(plot.data[series])),
        paths: markerPaths(data.markers[curve.shape % data.markers.length], isPoint ? 5 : 2.6) },
    };
  };

  const bandCurves = (band) => ["low", "high"].map((edge) => ({
    ...band, name: `${band.name} ${edge}`, kind: "line", y: band[edge], isEdge: true,
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
        grid: { stroke: () => color("--hair"), width: 1, filter: (plot, splits) => splits },
        ...(chart.log ? { splits: logSplits, filter: (plot, splits) => splits } : {}),
        values: (plot, splits) => chart.log && splits.at(-1) >= 5 * splits[0] ? splits.map((y) => (y === null ? "" : tickLabels([y])[0])) : tickLabels(splits) },
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
        const at = isOn ? plot.cursor.idxs[c + 1] : null;
        output.textContent = isValue(at) ? shown(plot.data[c + 1][at]) : "";
      });
    };
    return update;
  };

  const addKeys = (live, plot, stops) => {
    live.tabIndex = 0;
    live.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (move) {
        const at = stops.indexOf(plot.cursor.idx);
        const next = Math.min(stops.length - 1, Math.max(0, (at < 0 && move < 0 ? stops.length : at) + move));
        plot.setCursor({ left: plot.valToPos(plot.data[0][stops[next]], "x"), top: plot.over.clientHeight / 2 });
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
    const stops = stopsOf(joined, curves);
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
        y: chart.log ? { distr: 3, range: logRange } : { range: linearRange } },
      axes: axisOptions(chart),
      series: [{}, ...curves.map((curve) => ({
        ...curveOptions(curve), ...(curve.isEdge ? { width: 0, points: { show: false } } : {}) }))],
      bands: chart.bands.map((band, b) => ({
        series: [first + 2 * b + 1, first + 2 * b], fill: () => `${colorOf(band)}2a` })),
      cursor: { sync: { key: chart.x, setSeries: false }, drag: { x: true, y: false }, y: false,
        move: (plot, left, top) => {
          const stop = left < 0 ? null : nearestStop(plot, stops, plot.posToVal(left, "x"));
          return stop === null ? [left, top] : [plot.valToPos(plot.data[0][stop], "x"), top];
        },
        dataIdx: (plot, series, index) => {
          const values = plot.data[series];
          if (series > 0 && curves[series - 1].kind === "background") return nearest(values, index);
          return series === 0 || isValue(values[index]) ? index : null;
        } },
      hooks: {
        setCursor: [() => update()],
        setScale: [(plot, key) => {
          if (key === "x") resetButton.hidden = plot.scales.x.min <= whole[0] && plot.scales.x.max >= whole[1];
        }],
      },
    };
    const plot = new uPlot(options, joined, live);
    update = addLegend(figure, chart, plot);
    addKeys(live, plot, stops);
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
