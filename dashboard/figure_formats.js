// Saves the page's figures as SVG and PNG, as they are shown, on the page's ground.
// Plotly's figures: 'SVG' and 'PNG' in the place of the camera. Vega's: Streamlit saves PNG; 'SVG' stands beside that.
const ground = () => getComputedStyle(document.querySelector(".stApp") || document.body).backgroundColor;

function button(format, name, save) {
  const found = document.createElement("button");
  found.type = "button";
  found.className = "fer-format";
  found.textContent = format.toUpperCase();
  found.setAttribute("aria-label", `Save ${name} as ${format.toUpperCase()}`);
  found.addEventListener("click", save);
  return found;
}

function savePlotly(plot, camera, format) {
  const context = plot._context, kept = context.toImageButtonOptions, layout = plot.layout;
  context.toImageButtonOptions = { ...kept, format, scale: format === "png" ? 3 : 1 };
  plot.layout = { ...layout, paper_bgcolor: ground() };
  camera.click(); // Plotly copies both before it comes back
  context.toImageButtonOptions = kept;
  plot.layout = layout;
}

function offerPlotly(camera) {
  const plot = camera.closest(".js-plotly-plot");
  if (!plot || camera.dataset.fer) return;
  camera.dataset.fer = "yes";
  camera.style.display = "none";
  const name = plot._context.toImageButtonOptions.filename;
  camera.after(...["svg", "png"].map((format) => button(format, name, () => savePlotly(plot, camera, format))));
}

function saveVega(drawn, name) {
  const copy = drawn.cloneNode(true), whole = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  for (const [key, value] of [["width", "100%"], ["height", "100%"], ["fill", ground()]]) whole.setAttribute(key, value);
  copy.prepend(whole);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
  link.download = `${name}.svg`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function offerVega(chart) {
  const bar = chart.closest("[data-testid=stFullScreenFrame]")?.querySelector("[data-testid=stElementToolbarButtonContainer]");
  if (!bar || bar.querySelector(".fer-format")) return;
  const words = chart.getAttribute("aria-label") || "figure";
  const name = words.split(/[:.;]/)[0].trim().replace(/[^A-Za-z0-9]+/g, "-").slice(0, 60);
  bar.append(button("svg", name, () => saveVega(chart.querySelector("svg.marks"), name)));
}

export default function () {
  const look = () => {
    document.querySelectorAll(".modebar-btn[aria-label^='Download plot']").forEach(offerPlotly);
    document.querySelectorAll("[data-testid=stVegaLiteChart]:has(svg.marks)").forEach(offerVega);
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return () => observer.disconnect();
}
