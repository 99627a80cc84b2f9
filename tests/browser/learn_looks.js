({
  letters(element) { const range = document.createRange(); range.selectNodeContents(element); return range.getBoundingClientRect(); },
  shown(element) { return element.getClientRects().length > 0; },

  // From each slider to the nearest word in its row, beside it, or 8 where the word has a line of its own above or below.
  distances() {
    return [...document.querySelectorAll("input[type=range]")].map(slider => {
      const box = slider.getBoundingClientRect();
      return Math.min(...[...slider.closest(".row").querySelectorAll("label, .name, .tag")].filter(this.shown).map(word => {
        const w = this.letters(word), ownLine = w.bottom <= box.top + 1 || w.top >= box.bottom - 1;
        return Math.max(box.left - w.right, w.left - box.right, ownLine ? 8 : 0);
      }));
    });
  },

  // Between the right edge of each heading but the first and that of each number below it.
  gaps() {
    const gaps = [], right = element => this.letters(element).right;
    const typed = input => { const style = getComputedStyle(input); return input.getBoundingClientRect().right - parseFloat(style.paddingRight) - parseFloat(style.borderRightWidth); };
    for (const table of document.querySelectorAll("table:has(thead)")) for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, i) => {
      const input = cell.querySelector("input");
      if (i && this.shown(cell)) gaps.push(Math.abs(right(table.tHead.rows[0].cells[i]) - (input ? typed(input) : right(cell))));
    });
    for (const head of [...document.querySelectorAll(".row.head")].filter(this.shown)) {
      const headings = [...head.children].slice(1).filter(cell => cell.textContent).map(right);
      for (const row of (head.nextElementSibling?.matches(".rows") ? head.nextElementSibling : head.parentElement).querySelectorAll(".row:not(.head)"))
        [...row.querySelectorAll("output")].forEach((output, i) => gaps.push(Math.abs(right(output) - headings[i])));
    }
    return gaps;
  },

  // Of each chart its size; of each of its texts the size of the letters on the screen, and whether it is cut off.
  charts() {
    return [...document.querySelectorAll(".figure > svg")].map(svg => {
      const box = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll("text")];
      const inside = text => { const t = text.getBoundingClientRect(); return t.left > box.left - 1 && t.right < box.right + 1 && t.top > box.top - 1 && t.bottom < box.bottom + 1; };
      return {
        size: `${box.width.toFixed(1)} x ${box.height.toFixed(1)}`, letters: texts.map(text => parseFloat(getComputedStyle(text).fontSize) * box.width / svg.viewBox.baseVal.width),
        cut: texts.filter(text => !inside(text)).map(text => text.textContent),
      };
    });
  },
})
