/* Building the page. Texts become text nodes, whoever wrote them: nothing here ever reads markup. */

/** @param children elements and texts; what is false or undefined is left out */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** A foreign text, which may run from right to left, kept apart from what is around it. */
export const foreign = (text) => el('bdi', {}, text);

/** Writes only what differs, so that a selection and a reader's place stay. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element, name) {
  if (element.className !== name) element.className = name;
}

/** Makes the children of a list follow its items: one that stays keeps its element, and with it focus and openness. */
export function follow(parent, items, { key, create, update }) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = known.get(name);
    known.delete(name);
    if (child === undefined) {
      child = create(item);
      child.dataset.key = name;
    }
    update?.(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
}

/** Replaces what is inside where it would be another. */
export function setContent(element, ...children) {
  const next = element.cloneNode(false);
  next.append(...children);
  if (!next.isEqualNode(element)) element.replaceChildren(...next.childNodes);
}

/** A part of a line of time, in shares of its length. */
export function place(bar, from, to) {
  bar.style.left = `${100 * from}%`;
  bar.style.width = `${100 * Math.max(0, to - from)}%`;
}
