() => {
  const problems = [];
  const seen = element => element.checkVisibility() && element.getClientRects().length > 0;
  const named = element => (element.getAttribute("aria-label") || (element.labels && [...element.labels].map(l => l.textContent).join("")) || element.textContent || "").trim();
  for (const control of document.querySelectorAll("a, button, input, select, summary, [tabindex]")) if (seen(control) && !named(control)) problems.push("no name: " + control.outerHTML.slice(0, 80));
  for (const svg of document.querySelectorAll("svg")) if (!svg.closest("[aria-hidden=true]") && !svg.getAttribute("aria-label")) problems.push("no description: " + svg.outerHTML.slice(0, 80));
  const ids = [...document.querySelectorAll("body [id]")].filter(e => !e.closest("svg")).map(e => e.id);
  for (const id of new Set(ids)) if (ids.filter(other => other === id).length > 1) problems.push("id twice: " + id);
  for (const link of document.querySelectorAll("a[href^='#']")) if (!document.getElementById(link.getAttribute("href").slice(1))) problems.push("leads nowhere: " + link.outerHTML);
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) { const next = Number(heading.tagName[1]); if (next > level + 1) problems.push("heading skips a level: " + heading.textContent); level = next; }
  if (document.querySelectorAll("h1").length !== 1 || document.querySelectorAll("main").length !== 1) problems.push("expected one h1 and one main");
  if (!document.documentElement.lang || !document.title) problems.push("no language or no title");
  for (const region of document.querySelectorAll("*")) if (region.scrollWidth > region.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(region).overflowX) && region.tabIndex < 0)
    problems.push("scrolls, but not by keyboard: " + region.outerHTML.slice(0, 80));

  const parse = text => { const c = text.match(/[\d.]+/g).map(Number); const scale = text.startsWith("color(srgb") ? 255 : 1; return [c[0] * scale, c[1] * scale, c[2] * scale, c.length > 3 ? c[3] : 1]; };
  const luminance = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = element => { for (let e = element; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0.99) return c; } return [255, 255, 255, 1]; };
  for (const element of document.querySelectorAll("main *")) {
    if (!seen(element) || element.closest("svg, math") || ![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(element), a = luminance(parse(style.color)), b = luminance(behind(element));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5)) problems.push(`contrast ${contrast.toFixed(2)}: ${element.outerHTML.slice(0, 80)}`);
  }
  return problems;
}
