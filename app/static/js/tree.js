/* A tree of thousands of rows (WAI-ARIA tree): only the rows in view are in the page. Nodes come in drawing order as
   [key, depth, text, note, pinyin]; the chosen node's panel is fetched from its own address. The address holds the node
   and the search, and Back goes to the node before; what is open outlives a 保存. */
(function () {
  "use strict";
  const desk = document.querySelector("[data-tree-desk]");
  if (!desk) return;
  const HEIGHT = 30, SPARE = 8;
  const one = (name) => desk.querySelector(`[data-tree${name ? "-" + name : ""}]`);
  const view = one(""), panel = one("panel"), said = one("said"), find = one("find"), next = one("next"), remove = one("delete");
  const exporting = document.querySelector("[data-tree-export]");
  const nodes = JSON.parse(document.querySelector("[data-tree-nodes]").textContent).map(
    ([key, depth, text, note, pinyin], index) => ({ key, depth, text, note, pinyin, index, parent: -1, end: 0, place: 0, size: 0 }));
  const place = new Map(nodes.map((node) => [node.key, node.index]));

  /* Where each hangs: its parent, where what is below it ends, its place among its siblings. */
  (function hang() {
    const above = [], close = (depth, index) => { while (above.length > depth) above.pop().end = index; };
    const children = new Map();
    nodes.forEach((node, index) => {
      close(node.depth, index);
      node.parent = above.length ? above[above.length - 1].index : -1;
      const siblings = children.get(node.parent) || children.set(node.parent, []).get(node.parent);
      siblings.push(node);
      node.place = siblings.length;
      above.push(node);
    });
    close(0, nodes.length);
    children.forEach((siblings) => siblings.forEach((node) => { node.size = siblings.length; }));
  })();

  const branch = (node) => node.end > node.index + 1;
  const open = new Set();
  let shown = [], at = 0, chosen = "", hits = [], hit = -1, word = "";

  function list() {
    shown = [];
    for (let index = 0; index < nodes.length; index = open.has(index) || !branch(nodes[index]) ? index + 1 : nodes[index].end) shown.push(index);
    rail.style.height = `${shown.length * HEIGHT}px`;
    draw();
  }

  const rail = document.createElement("div"); // as tall as all rows together
  rail.setAttribute("role", "presentation");
  view.replaceChildren(rail);

  function draw() {
    const first = Math.max(0, Math.floor(view.scrollTop / HEIGHT) - SPARE);
    const last = Math.min(shown.length, Math.ceil((view.scrollTop + view.clientHeight) / HEIGHT) + SPARE);
    const rows = document.createDocumentFragment();
    for (let line = first; line < last; line += 1) rows.append(row(nodes[shown[line]], line));
    if (shown.length && (shown.indexOf(at) < first || shown.indexOf(at) >= last)) rows.append(row(nodes[at], shown.indexOf(at)));
    rail.replaceChildren(rows);
    if (shown.length) view.setAttribute("aria-activedescendant", `tree-${at}`);
  }

  function row(node, line) {
    const item = document.createElement("div");
    item.id = `tree-${node.index}`;
    item.className = "tree__row" + (node.index === at ? " tree__row--at" : "") + (hits.includes(node.index) ? " tree__row--found" : "");
    const said = { role: "treeitem", "aria-level": node.depth + 1, "aria-setsize": node.size, "aria-posinset": node.place, "aria-selected": node.key === chosen };
    if (branch(node)) said["aria-expanded"] = open.has(node.index);
    for (const name in said) item.setAttribute(name, said[name]);
    item.dataset.index = node.index;
    item.style.top = `${line * HEIGHT}px`;
    item.style.paddingLeft = `${6 + node.depth * 20}px`;
    const mark = document.createElement("i");
    mark.setAttribute("aria-hidden", "true");
    mark.textContent = branch(node) ? (open.has(node.index) ? "▾" : "▸") : "";
    const words = document.createElement("b");
    words.textContent = node.text;
    words.style.fontWeight = "inherit";
    const note = document.createElement("small");
    note.textContent = node.note;
    item.append(mark, words, note);
    return item;
  }

  /* The row at `index` becomes the one the keys act on; what hides it opens, what is out of sight scrolls in. */
  function go(index) {
    let changed = false;
    for (let up = nodes[index].parent; up >= 0; up = nodes[up].parent) if (!open.has(up)) { open.add(up); changed = true; }
    at = index;
    if (changed) list();
    const top = shown.indexOf(at) * HEIGHT;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top + HEIGHT > view.scrollTop + view.clientHeight) view.scrollTop = top + HEIGHT - view.clientHeight;
    draw();
  }
  function fold(index, wanted) {
    if (!branch(nodes[index])) return;
    if (wanted) open.add(index);
    else {
      open.delete(index);
      if (at > index && at < nodes[index].end) at = index;
    }
    list();
  }

  /* The chosen node beside the tree */
  function settle() {
    const about = panel.querySelector("[data-tree-chosen]");
    chosen = about ? about.dataset.treeChosen : "";
    if (remove) {
      const button = remove.querySelector("button"), url = about ? about.dataset.deleteUrl : "";
      remove.action = url || "";
      remove.elements.stamp.value = about ? about.dataset.stamp : "";
      remove.dataset.confirm = about ? `确定删除栏目“${about.dataset.text}”吗？删除后不能恢复。` : "";
      button.disabled = !url;
      one("delete-hint").textContent = about ? (url ? `删除“${about.dataset.text}”` : "此节点不能删除") : "先选择要删除的节点";
    }
    draw();
  }
  let asked = 0, here = location.href;
  const searched = (address) => {
    const url = new URL(address, location.href);
    if (word) url.searchParams.set("q", word); else url.searchParams.delete("q");
    return url.href;
  };
  const mayLeave = async () => !window.zhicheng.unsaved() || window.zhicheng.ask("填写的内容还没有保存，离开就没有了。确定离开吗？");
  async function fetchPanel(address, { focus = false, back = false } = {}) {
    const mine = ++asked, url = new URL(address, location.href);
    panel.setAttribute("aria-busy", "true");
    try {
      url.searchParams.set("part", "panel");
      const answer = await fetch(url, { credentials: "same-origin" });
      if (mine !== asked) return;
      if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
      panel.innerHTML = await answer.text();
      if (!back) history.pushState(null, "", address);
      here = location.href;
      settle();
      const field = focus && panel.querySelector("form :is(input:not([type=hidden]), select)");
      if (field) field.focus();
    } catch (error) { location.href = address; } // the whole page says what is wrong
    finally { panel.removeAttribute("aria-busy"); }
  }
  async function choose(index) {
    go(index);
    if (await mayLeave()) fetchPanel(searched(desk.dataset.nodeUrl.replace("__key__", encodeURIComponent(nodes[index].key))));
  }
  panel.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-tree-part]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (await mayLeave()) fetchPanel(searched(link.href), { focus: true });
  });
  window.addEventListener("popstate", async () => {
    const wanted = location.href;
    if (!(await mayLeave())) { history.pushState(null, "", here); return; }
    await fetchPanel(wanted, { back: true });
    const text = new URL(wanted).searchParams.get("q") || "";
    if (text !== word) { find.elements.q.value = text; search(text, true); }
    if (place.has(chosen)) go(place.get(chosen));
  });

  /* A form is posted with the search in its address, and what is open is there again on the page that answers. */
  const MEMORY = `tree ${location.pathname.split("/")[1]}`;
  const folded = () => JSON.stringify({ open: [...open].map((index) => nodes[index].key), top: view.scrollTop, focus: document.activeElement && document.activeElement.closest("[data-tree-form]") ? "form" : "tree" });
  desk.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    event.target.action = searched(event.target.action);
    try { sessionStorage.setItem(MEMORY, folded()); } catch (_) { /* switched off */ }
  });
  function recall() {
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(MEMORY)); sessionStorage.removeItem(MEMORY); } catch (_) { /* switched off */ }
    if (!kept) return;
    kept.open.forEach((key) => { if (place.has(key)) open.add(place.get(key)); });
    list();
    view.scrollTop = kept.top;
    if (document.querySelector("[data-focus]")) return; // what went wrong comes first
    const button = kept.focus === "form" && panel.querySelector("[data-tree-form] .btn--primary");
    (button || view).focus({ preventScroll: true });
  }

  view.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(view);
  view.addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    const index = Number(item.dataset.index);
    if (event.target.tagName === "I" && branch(nodes[index])) { at = index; fold(index, !open.has(index)); } else choose(index);
  });
  view.addEventListener("dblclick", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (item && event.target.tagName !== "I") fold(Number(item.dataset.index), !open.has(Number(item.dataset.index)));
  });

  let typed = "", typedAt = 0;
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !shown.length) return;
    const line = shown.indexOf(at), page = Math.max(1, Math.floor(view.clientHeight / HEIGHT) - 1);
    const to = (wanted) => go(shown[Math.min(shown.length - 1, Math.max(0, wanted))]);
    const keys = {
      ArrowDown: () => to(line + 1), ArrowUp: () => to(line - 1), Home: () => to(0), End: () => to(shown.length - 1),
      PageDown: () => to(line + page), PageUp: () => to(line - page),
      ArrowRight: () => { if (branch(nodes[at])) { if (open.has(at)) go(at + 1); else fold(at, true); } },
      ArrowLeft: () => { if (open.has(at)) fold(at, false); else if (nodes[at].parent >= 0) go(nodes[at].parent); },
      Enter: () => choose(at), " ": () => choose(at),
      "*": () => { nodes.forEach((node) => { if (node.parent === nodes[at].parent && branch(node)) open.add(node.index); }); list(); },
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); return; }
    if (event.key.length !== 1) return;
    /* typing goes to the next row that begins so, by name or pinyin initials */
    const now = event.timeStamp;
    typed = (now - typedAt > 700 ? "" : typed) + event.key.toLowerCase();
    typedAt = now;
    const order = shown.slice(line + (typed.length === 1 ? 1 : 0)).concat(shown.slice(0, line));
    const found = order.find((index) => nodes[index].text.toLowerCase().startsWith(typed) || nodes[index].pinyin.startsWith(typed));
    if (found !== undefined) go(found);
  });

  desk.querySelectorAll("[data-tree-all]").forEach((button) => button.addEventListener("click", () => {
    if (button.dataset.treeAll === "open") nodes.forEach((node) => { if (branch(node)) open.add(node.index); });
    else { open.clear(); while (nodes.length && nodes[at].parent >= 0) at = nodes[at].parent; }
    list();
    if (nodes.length) go(at);
  }));

  /* What a keyword finds, as app.core.search.found_in: of several words each, Chinese in sequence with anything between. */
  const ordinary = (text) => Array.from(text, (char) => { const plain = char.normalize("NFKC"); return /^[0-9A-Za-z]$/.test(plain) ? plain : char; }).join("").toLowerCase();
  function holds(node, word) {
    if (node.note.toLowerCase().startsWith(word)) return true;
    if (/^[\x00-\x7f]*$/.test(word)) return /^[0-9a-z]$/.test(word) ? node.pinyin.startsWith(word) : node.pinyin.includes(word);
    const name = node.text.toLowerCase();
    let at = -1;
    return Array.from(word).every((char) => { at = name.indexOf(char, at + 1); return at >= 0; });
  }

  /* Search: the first match opens, 【下一个】 or Enter again goes on. */
  function search(text, stay) {
    word = text;
    const words = ordinary(text).split(/\s+/).filter(Boolean).slice(0, 8);
    hits = words.length ? nodes.filter((node) => words.every((one) => holds(node, one))).map((node) => node.index) : [];
    hit = -1;
    next.hidden = hits.length < 2;
    if (exporting) exporting.href = exporting.dataset.treeExport + (text ? `?q=${encodeURIComponent(text)}` : "");
    history.replaceState(null, "", searched(location.href));
    here = location.href;
    if (hits.length && !stay) onward();
    else if (hits.length) { hit = hits.indexOf(at); tell(); draw(); }
    else { said.textContent = text ? "没有找到，请换一个关键字。" : `共 ${nodes.length} 个节点`; draw(); }
  }
  function onward() {
    hit = (hit + 1) % hits.length;
    go(hits[hit]);
    tell();
  }
  function tell() {
    said.textContent = `找到 ${hits.length} 个` + (hit < 0 ? "" : `，第 ${hit + 1} 个：${nodes[hits[hit]].text}`);
  }
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = find.elements.q.value.trim();
    if (text && text === word && hits.length) onward(); else search(text);
  });
  find.elements.q.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && nodes.length) { event.preventDefault(); view.focus(); }
  });
  next.addEventListener("click", () => { onward(); });

  list();
  recall();
  settle();
  if (place.has(desk.dataset.chosen)) go(place.get(desk.dataset.chosen));
  if (find.elements.q.value.trim()) search(find.elements.q.value.trim(), place.has(desk.dataset.chosen));
  if (!word) said.textContent = `共 ${nodes.length} 个节点`;
})();
