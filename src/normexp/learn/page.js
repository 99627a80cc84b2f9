"use strict";
// ---- The arithmetic. Checked against the package on extreme numbers by the project's tests.
const largest = z => z.reduce((a, b) => Math.max(a, b), -Infinity);
const total = values => values.reduce((a, b) => a + b, 0);
function softmax(z, temperature = 1) {
  const top = largest(z), e = z.map(x => Math.exp((x - top) / temperature)), sum = total(e);
  return e.map(x => x / sum);
}
function naiveSoftmax(z) { const e = z.map(Math.exp), sum = total(e); return e.map(x => x / sum); }
function logsumexp(z) { const top = largest(z); return top + Math.log(total(z.map(x => Math.exp(x - top)))); }
function logSoftmax(z) { const top = largest(z), rest = Math.log(total(z.map(x => Math.exp(x - top)))); return z.map(x => x - top - rest); }
function sigmoid(x) { return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)); }
function argmax(z) { return z.indexOf(largest(z)); }
const SIZES = [2, 12, 8, 4];
function network(weights, point) {  // weights of a layer by rows of inputs, then its biases; relu between layers; logits
  let x = point, at = 0;
  for (let layer = 0; layer + 1 < SIZES.length; ++layer) {
    const inputs = SIZES[layer], units = SIZES[layer + 1], y = [];
    for (let j = 0; j < units; ++j) {
      let sum = weights[at + inputs * units + j];
      for (let i = 0; i < inputs; ++i) sum += x[i] * weights[at + i * units + j];
      y.push(layer + 2 < SIZES.length ? Math.max(sum, 0) : sum);
    }
    at += inputs * units + units;
    x = y;
  }
  return x;
}
window.normexp = { softmax, naiveSoftmax, logsumexp, logSoftmax, sigmoid, argmax, network };

// ---- Small tools
const $ = id => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
function make(parent, tag, attributes = {}, text) {
  const svg = parent.namespaceURI === SVG || tag === "svg";
  const node = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.appendChild(node);
  return node;
}
const percent = p => (100 * p).toFixed(1) + "%";
function short(x) { return !Number.isFinite(x) ? (Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf") : Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3) ? x.toExponential(2) : x.toPrecision(4); }
const digits = x => (Math.abs(x) < 100 ? x.toFixed(4) : String(Number(x.toPrecision(6))));  // four decimals, six digits at most
const colour = i => `var(--c${i % 4})`;
const tag = (parent, text) => make(parent, "span", { class: "tag" }, text);  // stands before a number where there is no room for headings over columns
function bar(parent, i, text = "") {
  if (text) tag(parent, text);
  const svg = make(parent, "svg", { class: "bar", "aria-hidden": "true" });
  return make(svg, "rect", { height: "100%", width: 0, rx: 3, fill: colour(i) });
}
const fill = (rect, share) => rect.setAttribute("width", (100 * Math.min(1, Math.max(0, share || 0))).toFixed(2) + "%");
function slider(parent, label, value, min, max, step, changed) {
  const input = make(parent, "input", { type: "range", min, max, step, "aria-label": label });
  input.value = value;
  input.addEventListener("input", changed);
  return input;
}

// ---- Code: copied without what it gave
async function copy(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed here: the older way */ }
  const area = make(document.body, "textarea", { class: "unseen", "aria-hidden": "true" }), focused = document.activeElement;
  area.value = text;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused.focus();
  return done;
}
function copying() {
  for (const code of document.querySelectorAll(".code")) {
    const chapter = code.closest("section").querySelector("h2").lastChild.textContent, language = code.querySelector(".title span").textContent;
    const button = make(code.querySelector(".title"), "button", { type: "button" }, "Copy");
    make(button, "span", { class: "unseen" }, ` the ${language} of: ${chapter}`);
    let timer = 0;
    button.addEventListener("click", async () => {
      const copied = await copy([...code.querySelectorAll(".in")].map(part => part.textContent.trimEnd() + "\n").join(""));
      if (!copied) getSelection().selectAllChildren(code.querySelector("code"));
      button.firstChild.textContent = copied ? "Copied" : "Selected";
      $("said").textContent = copied ? "Copied" : "Not copied, but selected";
      clearTimeout(timer);
      timer = setTimeout(() => { button.firstChild.textContent = "Copy"; $("said").textContent = ""; }, 2000);
    });
  }
}

// ---- Softmax: drag the logits
function dragLogits() {
  const names = ["cat", "dog", "boat"], start = [0.7, 1.5, 4.8], parts = [], box = $("drag");
  names.forEach((name, i) => {
    const row = make(box, "div", { class: "row chain", "data-row": i });
    make(row, "span", { class: "name" }, name);
    tag(row, "logit");
    const input = slider(row, `logit of ${name}`, start[i], -5, 8, 0.1, draw), z = make(row, "output", { "data-is": "logit" });
    const e = bar(row, i, "exponential"), eText = make(row, "output", { "data-is": "exponential" }), p = bar(row, i, "probability"), pText = make(row, "output", { "data-is": "probability" });
    parts.push({ input, z, e, eText, p, pText });
  });
  const stack = make($("drag-stack"), "svg", { class: "stack", role: "img" }), pieces = names.map((_, i) => make(stack, "rect", { height: "100%", fill: colour(i) }));
  function draw() {
    const z = parts.map(part => Number(part.input.value)), e = z.map(Math.exp), p = softmax(z), top = largest(e);
    let at = 0;
    parts.forEach((part, i) => {
      part.z.value = z[i].toFixed(1);
      part.eText.value = short(e[i]);
      part.pText.value = p[i].toFixed(4);
      fill(part.e, e[i] / top);
      fill(part.p, p[i]);
      pieces[i].setAttribute("x", (100 * at) + "%");
      fill(pieces[i], p[i]);
      at += p[i];
    });
    stack.setAttribute("aria-label", "Shares of the whole: " + names.map((name, i) => `${name} ${percent(p[i])}`).join(", "));
    $("drag-add").disabled = largest(z) > 7;  // beyond its end a slider would not follow
    $("drag-sum").textContent = `Exponentials: ${e.map(short).join(" + ")} = ${short(total(e))}. Probabilities: ${p.map(x => x.toFixed(4)).join(" + ")} = ${total(p).toFixed(4)}.`;
  }
  $("drag-reset").addEventListener("click", () => { parts.forEach((part, i) => { part.input.value = start[i]; }); draw(); });
  $("drag-add").addEventListener("click", () => { parts.forEach(part => { part.input.value = Number(part.input.value) + 1; }); draw(); });
  draw();
}

// ---- Overflow
function overflow() {
  const draw = () => {
    const c = Number($("shift").value), z = [c + 2, c + 1, c], naive = naiveSoftmax(z), safe = softmax(z);
    $("shift-value").value = c;
    const body = $("overflow-rows");
    body.replaceChildren();
    z.forEach((x, i) => {
      const row = make(body, "tr");
      make(row, "th", { scope: "row" }, String(x));
      make(row, "td", {}, short(Math.exp(x)));
      const wrong = !(Math.abs(naive[i] - safe[i]) < 1e-4);
      make(row, "td", wrong ? { class: "wrong" } : {}, Number.isNaN(naive[i]) ? "nan" : naive[i].toFixed(4));
      make(row, "td", {}, short(Math.exp(x - z[0])));
      make(row, "td", { "data-is": "safe" }, safe[i].toFixed(4));
    });
    $("overflow-note").textContent = naive.some(x => Number.isNaN(x)) ? "The plain formula divides infinity by infinity. The shifted one does not notice." : "Both formulas agree.";
  };
  $("shift").addEventListener("input", draw);
  draw();
}

// ---- Temperature
function temperature() {
  const z = [1, 2, 3, 2.5], names = ["A", "B", "C", "D"], box = $("temperature-rows"), parts = names.map((name, i) => {
    const row = make(box, "div", { class: "row" });
    make(row, "span", { class: "name" }, `${name}: ${z[i]}`);
    return { p: bar(row, i), text: make(row, "output") };
  });
  const draw = () => {
    const t = 10 ** Number($("temperature").value), p = softmax(z, t), winner = argmax(z);
    $("temperature-value").value = t < 0.1 ? t.toFixed(3) : t.toFixed(2);
    parts.forEach((part, i) => { fill(part.p, p[i]); part.text.value = p[i].toFixed(4); });
    $("temperature-note").textContent = p[winner] > 0.99995 ? `To four digits this is argmax: all for ${names[winner]}.` : p[winner] < 0.26 ? "Nearly even: the logits hardly count." : `argmax would give ${names[winner]} everything, max would only say ${z[winner]}.`;
  };
  $("temperature").addEventListener("input", draw);
  draw();
}

// ---- Charts: all of one size, their letters too, however narrow the screen is; a frame with axes, and lines in it
const WIDE = 432, HIGH = 270;
const chart = (id, attributes) => make($(id), "svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", ...attributes });
function steadyLetters() {
  const observer = new ResizeObserver(entries => { for (const entry of entries) entry.target.style.setProperty("--unit", WIDE / entry.contentRect.width); });
  document.querySelectorAll(".figure").forEach(figure => observer.observe(figure));
}
function formula(parent, attributes, parts) {  // a letter and its index is one part, what stands between is another
  const text = make(parent, "text", { class: "formula", ...attributes });
  for (const part of parts) {
    if (typeof part === "string") { make(text, "tspan", {}, part); continue; }
    make(text, "tspan", { "font-style": "italic" }, part[0]);
    make(text, "tspan", { "font-size": "75%", dy: "0.3em" }, part[1]);
    make(text, "tspan", { dy: "-0.225em" }, "\u200b");
  }
}
function frame(id, xLow, xHigh, yLow, yHigh, xLabel, label, steps = [yLow, (yLow + yHigh) / 2, yHigh], tick = y => y) {
  const svg = chart(id, { "aria-label": label });
  const left = 76, right = WIDE - 16, top = 14, bottom = 210, middle = (left + right) / 2;
  const px = x => left + (x - xLow) / (xHigh - xLow) * (right - left), py = y => bottom - (y - yLow) / (yHigh - yLow) * (bottom - top);
  for (const y of steps) {
    make(svg, "line", { x1: left, x2: right, y1: py(y), y2: py(y), stroke: "var(--line)" });
    make(svg, "text", { x: left - 8, y: py(y), dy: "0.35em", "text-anchor": "end" }, tick(y));
  }
  for (const x of [xLow, (xLow + xHigh) / 2, xHigh]) make(svg, "text", { x: px(x), y: bottom + 8, dy: "0.8em", "text-anchor": "middle" }, x);
  if (typeof xLabel === "string") make(svg, "text", { x: middle, y: HIGH - 10, "text-anchor": "middle" }, xLabel);
  else formula(svg, { x: middle, y: HIGH - 10, "text-anchor": "middle" }, xLabel);
  const path = (f, n = 240) => Array.from({ length: n + 1 }, (_, i) => { const x = xLow + (xHigh - xLow) * i / n; return `${i ? "L" : "M"}${px(x).toFixed(2)} ${py(f(x)).toFixed(2)}`; }).join("");
  return { svg, px, py, top, bottom, line: (f, attributes) => make(svg, "path", { d: path(f), fill: "none", "stroke-width": 2, ...attributes }) };
}
function gradients() {
  const plot = frame("gradient-plot", -6, 6, 0, 1, "logit of A minus logit of B", "Softmax rises smoothly from 0 to 1, argmax jumps at 0");
  const p = x => sigmoid(x);
  plot.line(x => (x > 0 ? 1 : 0), { stroke: "var(--c1)", "stroke-dasharray": "5 4" });
  plot.line(p, { stroke: "var(--c0)" });
  const tangent = make(plot.svg, "line", { stroke: "var(--c2)", "stroke-width": 2.5 }), flat = make(plot.svg, "line", { stroke: "var(--c1)", "stroke-width": 4 });
  const dot = make(plot.svg, "circle", { r: 5, fill: "var(--c0)" });
  const draw = () => {
    const x = Number($("gradient").value), value = softmax([x, 0])[0], slope = value * (1 - value), half = 1.5;
    const set = (line, y, by) => { line.setAttribute("x1", plot.px(x - half)); line.setAttribute("x2", plot.px(x + half)); line.setAttribute("y1", plot.py(y - by * half)); line.setAttribute("y2", plot.py(y + by * half)); };
    set(tangent, value, slope);
    set(flat, x > 0 ? 1 : 0, 0);
    flat.setAttribute("visibility", x === 0 ? "hidden" : "visible");
    dot.setAttribute("cx", plot.px(x));
    dot.setAttribute("cy", plot.py(value));
    $("gradient-value").value = x.toFixed(1);
    $("gradient-note").textContent = `softmax gives ${value.toFixed(4)} with slope ${slope.toFixed(4)}; argmax gives ${x > 0 ? "1 with slope 0" : x < 0 ? "0 with slope 0" : "no answer that is fair, and has no slope"}.`;
  };
  $("gradient").addEventListener("input", draw);
  draw();
}
function sigmoids() {
  const plot = frame("sigmoid-plot", -6, 6, 0, 1, [["z", 1], " \u2212 ", ["z", 2]], "The sigmoid of the difference, and softmax of the two logits: one curve");
  plot.line(x => sigmoid(x), { stroke: "var(--c1)", "stroke-width": 7, opacity: 0.45 });
  plot.line(x => softmax([x, 0])[0], { stroke: "var(--c0)", "stroke-dasharray": "6 4" });
  const dot = make(plot.svg, "circle", { r: 5, fill: "var(--c0)" });
  const draw = () => {
    const a = Number($("z1").value), b = Number($("z2").value), p = softmax([a, b])[0], s = sigmoid(a - b);
    $("z1-value").value = a.toFixed(1);
    $("z2-value").value = b.toFixed(1);
    $("by-softmax").value = p.toFixed(6);
    $("by-sigmoid").value = s.toFixed(6);
    dot.setAttribute("cx", plot.px(Math.max(-6, Math.min(6, a - b))));
    dot.setAttribute("cy", plot.py(s));
  };
  for (const id of ["z1", "z2"]) $(id).addEventListener("input", draw);
  draw();
  const names = ["beach", "people", "dog"], start = [2, 1.2, -0.8], box = $("labels"), parts = [];
  names.forEach((name, i) => {
    const row = make(box, "div", { class: "row chain" });
    make(row, "span", { class: "name" }, name);
    tag(row, "logit");
    const input = slider(row, `logit of ${name}`, start[i], -5, 5, 0.1, compare), z = make(row, "output");
    parts.push({ input, z, p: bar(row, i, "softmax"), pText: make(row, "output"), s: bar(row, i, "sigmoid"), sText: make(row, "output") });
  });
  function compare() {
    const z = parts.map(part => Number(part.input.value)), p = softmax(z), s = z.map(sigmoid);
    parts.forEach((part, i) => {
      part.z.value = z[i].toFixed(1);
      fill(part.p, p[i]);
      fill(part.s, s[i]);
      part.pText.value = p[i].toFixed(4);
      part.sText.value = s[i].toFixed(4);
    });
    $("labels-sum").textContent = `Softmax sums to ${total(p).toFixed(4)}: which one is it? The sigmoids sum to ${total(s).toFixed(4)}: which of them are in the picture?`;
  }
  compare();
}

// ---- The worked example
function worked() {
  const names = ["dog", "cat", "boat", "airplane"], start = [-3.44, 1.16, -0.81, 3.91], body = $("worked-rows"), select = $("worked-target"), parts = [];
  names.forEach((name, i) => {
    const row = make(body, "tr");
    make(row, "th", { scope: "row" }, name);
    const input = make(make(row, "td", { class: "field" }), "input", { type: "number", step: "0.01", min: -1000, max: 1000, "aria-label": `logit of ${name}` });
    input.value = start[i];
    input.addEventListener("input", draw);
    parts.push({ row, input, e: make(row, "td", { class: "wide-only" }), p: make(row, "td"), loss: make(row, "td") });
    make(select, "option", { value: i }, name);
  });
  select.value = 3;
  select.addEventListener("change", draw);
  function draw() {
    const z = parts.map(part => Number(part.input.value) || 0), p = softmax(z), losses = logSoftmax(z).map(x => -x + 0), target = Number(select.value);
    parts.forEach((part, i) => {
      part.row.setAttribute("class", i === target ? "target" : "");
      part.e.textContent = short(Math.exp(z[i]));
      part.p.textContent = p[i].toFixed(4);
      part.loss.textContent = digits(losses[i]);
    });
    const verdict = argmax(z) === target ? "The model is right" : `The model says ${names[argmax(z)]} and is wrong`;
    $("worked-verdict").textContent = verdict;
    $("worked-p").textContent = p[target].toFixed(4);
    $("worked-loss").textContent = digits(losses[target]);
  }
  $("worked-reset").addEventListener("click", () => { parts.forEach((part, i) => { part.input.value = start[i]; }); select.value = 3; draw(); });
  draw();
}

// ---- The network as a picture
function picture() {
  const svg = chart("picture", { "aria-label": "Two inputs, hidden layers of 12 and 8 neurons, and one output neuron for each of the four classes" });
  const x = [48, 160, 274, 376], places = SIZES.map((n, layer) => Array.from({ length: n }, (_, i) => [x[layer], 122 + (i - (n - 1) / 2) * Math.min(36, 220 / n)]));
  for (let layer = 0; layer < 3; ++layer) for (const [x1, y1] of places[layer]) for (const [x2, y2] of places[layer + 1]) make(svg, "line", { x1, y1, x2, y2, stroke: "var(--soft)", "stroke-width": 0.6, opacity: 0.45 });
  places.forEach((layer, l) => layer.forEach(([cx, cy], i) => {
    make(svg, "circle", { cx, cy, r: l === 3 ? 9 : 6, fill: l === 3 ? colour(i) : "var(--card)", stroke: l === 3 ? "none" : "var(--ink)" });
    if (l === 3) formula(svg, { x: cx + 15, y: cy + 4 }, [["z", i + 1]]);
  }));
  ["2 inputs", "12 relu", "8 relu", "4 logits"].forEach((text, l) => make(svg, "text", { x: x[l], y: HIGH - 10, "text-anchor": "middle" }, text));
}

// ---- The network that learns
function learning() {
  const data = JSON.parse($("data").textContent), n = data.epochs.length - 1, low = [-6.6, -6], high = [36.6, 21], W = 86, H = 54;
  const svg = chart("plane", { tabindex: 0 }), canvas = $("plane").querySelector("canvas");
  canvas.width = W;
  canvas.height = H;
  const px = x => (x - low[0]) / (high[0] - low[0]) * WIDE, py = y => HIGH - (y - low[1]) / (high[1] - low[1]) * HIGH;
  data.points.forEach((point, i) => make(svg, "circle", { cx: px(point[0]), cy: py(point[1]), r: 3.2, fill: colour(data.targets[i]), stroke: "var(--card)", "stroke-width": 0.8 }));
  const probe = [15, 8], cross = make(svg, "path", { stroke: "var(--ink)", "stroke-width": 2.5, fill: "none" });
  const losses = data.history.loss, held = data.history.val_loss, most = Math.log10(Math.max(...losses, ...held)), least = Math.log10(Math.min(...losses, ...held)), decades = Array.from({ length: Math.ceil(most) - Math.floor(least) + 1 }, (_, i) => Math.floor(least) + i);
  const plot = frame("loss-plot", 0, n, decades[0], decades[decades.length - 1], "epoch", "Loss on the training rows and on the held-out rows, by epoch", decades, y => Number((10 ** y).toPrecision(1)));
  const curve = (values, attributes) => make(plot.svg, "path", { d: values.map((v, i) => `${i ? "L" : "M"}${plot.px(i + 1).toFixed(1)} ${plot.py(Math.log10(v)).toFixed(1)}`).join(""), fill: "none", "stroke-width": 2, ...attributes });
  curve(losses, { stroke: "var(--c0)" });
  curve(held, { stroke: "var(--c1)", "stroke-dasharray": "5 4" });
  const mark = make(plot.svg, "line", { y1: plot.top, y2: plot.bottom, stroke: "var(--ink)", "stroke-dasharray": "2 3" });
  const context = canvas.getContext("2d"), image = context.createImageData(W, H), input = $("epoch");
  input.max = n;
  function shade(weights) {
    const rgb = [0, 1, 2, 3].map(i => { const probe = getComputedStyle(document.documentElement).getPropertyValue(`--c${i}`).trim(); return [1, 3, 5].map(k => parseInt(probe.slice(k, k + 2), 16)); });
    for (let row = 0; row < H; ++row) for (let column = 0; column < W; ++column) {
      const p = softmax(network(weights, [low[0] + (column + 0.5) / W * (high[0] - low[0]), high[1] - (row + 0.5) / H * (high[1] - low[1])])), k = argmax(p), at = 4 * (row * W + column);
      for (let c = 0; c < 3; ++c) image.data[at + c] = rgb[k][c];
      image.data[at + 3] = 150 * (p[k] - 0.25) / 0.75;
    }
    context.putImageData(image, 0, 0);
  }
  function draw() {
    const epoch = Number(input.value), weights = data.epochs[epoch], right = data.points.filter((point, i) => argmax(network(weights, point)) === data.targets[i]).length;
    shade(weights);
    $("epoch-value").value = epoch;
    mark.setAttribute("x1", plot.px(epoch));
    mark.setAttribute("x2", plot.px(epoch));
    cross.setAttribute("d", `M${px(probe[0]) - 7} ${py(probe[1])}h14M${px(probe[0])} ${py(probe[1]) - 7}v14`);
    const z = network(weights, probe), p = softmax(z);
    svg.setAttribute("aria-label", `The plane after ${epoch} epochs: ${right} of ${data.points.length} test points in the region of their colour. Arrow keys move the cross.`);
    $("learn-note").textContent = (epoch ? `After ${epoch} epoch${epoch > 1 ? "s" : ""}` : "Before training") + ` ${right} of ${data.points.length} test points lie in the region of their colour` + (epoch ? `; loss ${short(losses[epoch - 1])} in training, ${short(held[epoch - 1])} on rows held out.` : ".");
    $("probe-note").textContent = `At the cross (${probe.map(v => v.toFixed(1)).join(", ")}) the network says class ${data.classes[argmax(p)]}:`;
    [...$("probe-rows").rows].forEach((row, i) => { row.cells[1].textContent = z[i].toFixed(2); row.cells[2].textContent = p[i].toFixed(4); });
  }
  input.addEventListener("input", draw);
  svg.addEventListener("click", event => {
    const box = svg.getBoundingClientRect();
    probe[0] = low[0] + (event.clientX - box.left) / box.width * (high[0] - low[0]);
    probe[1] = high[1] - (event.clientY - box.top) / box.height * (high[1] - low[1]);
    draw();
  });
  svg.addEventListener("keydown", event => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!move) return;
    event.preventDefault();
    for (const i of [0, 1]) probe[i] = Math.min(high[i], Math.max(low[i], probe[i] + move[i]));
    draw();
  });
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; $("play").textContent = "Play"; };
  $("play").addEventListener("click", () => {
    if (timer) return stop();
    if (Number(input.value) >= n) input.value = 0;
    $("play").textContent = "Pause";
    timer = setInterval(() => { input.value = Number(input.value) + 1; draw(); if (Number(input.value) >= n) stop(); }, 250);
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
}
for (const start of [copying, steadyLetters, dragLogits, overflow, temperature, gradients, sigmoids, worked, picture, learning]) start();
