// Draws a report's figures as they come into view, in the colours of the page, and saves them in those of paper.
"use strict";
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
  const ink = (onDark) => (onDark ? "#E6E8EE" : "#1F2430");
  const plots = [...document.querySelectorAll(".plot")];

  function figureOf(plot, onDark) {
    const figure = JSON.parse(plot.nextElementSibling.textContent);
    figure.layout.font = { ...figure.layout.font, color: ink(onDark), family: FONT };
    figure.layout.hoverlabel = { ...figure.layout.hoverlabel, font: { family: FONT } };
    return figure;
  }

  function draw(plot) {
    const figure = figureOf(plot, dark.matches);
    plot.dataset.drawn = "yes";
    return Plotly.react(plot, figure.data, figure.layout, { responsive: true, displayModeBar: false });
  }

  async function save(plot, format) {
    const figure = figureOf(plot, false);
    const size = { width: Math.max(760, plot.offsetWidth), height: figure.layout.height };
    figure.layout = { ...figure.layout, ...size, paper_bgcolor: "#FFFFFF" };
    const link = document.createElement("a");
    link.href = await Plotly.toImage(figure, { format, ...size, scale: format === "png" ? 3 : 1 });
    link.download = `${plot.dataset.file}.${format}`;
    link.click();
  }

  const near = new IntersectionObserver(
    (seen) => seen.filter((entry) => entry.isIntersecting && !entry.target.dataset.drawn).forEach((entry) => draw(entry.target)),
    { rootMargin: "600px" },
  );
  plots.forEach((plot) => near.observe(plot));
  dark.addEventListener("change", () => plots.filter((plot) => plot.dataset.drawn).forEach(draw));
  document.querySelectorAll("button[data-format]").forEach((button) => {
    button.addEventListener("click", () => save(document.getElementById(button.dataset.figure), button.dataset.format));
  });
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
    plots.filter((plot) => !plot.dataset.drawn).forEach(draw);
  });
})();
