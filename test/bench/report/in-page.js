/* Runs inside the page, which is why it is JavaScript: the browser's types are not those of this project. */

/** Pixels by which the page is wider than the window. */
function overflow() {
  return document.documentElement.scrollWidth - window.innerWidth;
}

/** Figures of which no drawing is shown. */
function hiddenFigures() {
  return [...document.querySelectorAll('figure')]
    .filter((figure) => ![...figure.querySelectorAll('svg')].some((svg) => svg.getBoundingClientRect().height > 20))
    .map((figure) => figure.textContent?.slice(0, 60) ?? '');
}

/** Texts of drawings that leave the window. */
function outsideTexts() {
  return [...document.querySelectorAll('svg text')]
    .map((text) => ({ text, box: text.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.left < 0 || box.right > window.innerWidth))
    .map(({ text, box }) => `${text.textContent} ${Math.round(box.left)}–${Math.round(box.right)}`);
}

/** Pairs of texts of one drawing that cover each other by more than their side bearings. */
function crossingTexts() {
  const slack = 3;
  return [...document.querySelectorAll('svg')].flatMap((svg) => {
    const texts = [...svg.querySelectorAll('text')]
      .map((text) => ({ name: text.textContent, box: text.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0);
    return texts.flatMap((a, index) =>
      texts
        .slice(index + 1)
        .filter(
          (b) =>
            Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > slack &&
            Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > slack + 2,
        )
        .map((b) => `${a.name} × ${b.name}`),
    );
  });
}

/** Texts on the page's own ground whose contrast (WCAG 2) is below 4.5:1. */
function faintTexts() {
  const luminance = (colour) => {
    const channels = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Number(part) / 255);
    const [r = 0, g = 0, b = 0] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = luminance(getComputedStyle(document.body).backgroundColor);
  const contrast = (colour) => {
    const [light, dark] = [luminance(colour), ground].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const onPage = [...document.querySelectorAll('p, li, td, th, h1, h2, h3, dt, dd, summary, svg text')].filter(
    (node) => !node.matches('.inside, .heat .figure') && node.getBoundingClientRect().width > 0,
  );
  const faint = onPage.filter((node) => {
    const style = getComputedStyle(node);
    return contrast(node.namespaceURI?.endsWith('svg') ? style.fill : style.color) < 4.5;
  });
  return [
    ...new Set(
      faint.map((node) => `${node.tagName} ${node.getAttribute('class') ?? ''} ${node.textContent?.slice(0, 30)}`),
    ),
  ];
}
