/* Small helpers over pages that work without them: confirming, submitting once, ticking rows, searching, previewing. */
(function () {
  "use strict";
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  function ask(text) {
    return new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      dialog.className = "ask";
      dialog.setAttribute("aria-label", "系统提示");
      const head = document.createElement("h2");
      head.textContent = "系统提示";
      const words = document.createElement("p");
      words.textContent = text;
      const form = document.createElement("form");
      form.method = "dialog";
      for (const [value, label, look] of [["", "取消", "btn"], ["yes", "确定", "btn btn--primary"]]) {
        const button = document.createElement("button");
        button.value = value;
        button.textContent = label;
        button.className = look;
        form.append(button);
      }
      dialog.append(head, words, form);
      dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  /* data-confirm on a form or its button asks first; every posted form is submitted once. */
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.getAttribute("method") !== "post") return; // form.method may be a field of that name
    const button = event.submitter;
    const text = (button && button.dataset.confirm) || form.dataset.confirm;
    if (form.dataset.sent) { event.preventDefault(); return; }
    const lacks = form.noValidate && [...form.elements].some((one) => one.validity && one.validity.valueMissing);
    if (text && !form.dataset.agreed && !lacks) { // what is missing is said beside its field, by the server: nothing to confirm
      event.preventDefault();
      if (!form.reportValidity()) return; // what must be filled in is asked for before whether it is meant
      if (await ask(text)) { form.dataset.agreed = "1"; form.requestSubmit(button || undefined); }
      return;
    }
    delete form.dataset.agreed;
    if ("download" in form.dataset) return; // the page stays, and may ask again
    form.dataset.sent = "1";
    setTimeout(() => all("button", form).concat(button || []).forEach((b) => { b.disabled = true; }), 0);
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("button", form).forEach((b) => { b.disabled = false; });
    if (form.id) all(`button[form="${form.id}"]`).forEach((b) => { b.disabled = false; });
    tally();
  }));

  /* Empty conditions stay out of the URL. */
  all("form[data-conditions]").forEach((form) => form.addEventListener("submit", () => {
    all("input, select", form).forEach((field) => { if (!field.value) field.disabled = true; });
    setTimeout(() => all("input, select", form).forEach((field) => { field.disabled = false; }), 200);
  }));

  /* What sticks below the head line sticks below it also where a long name makes it two lines high. */
  const line = document.querySelector(".office .top");
  if (line) new ResizeObserver(() => document.documentElement.style.setProperty("--top", `${line.offsetHeight}px`)).observe(line);

  /* A table that needs no scrolling of its own has a head that stays in sight. */
  const fits = new ResizeObserver((found) => found.forEach(({ target }) => {
    target.classList.toggle("table-wrap--fits", target.firstElementChild.offsetWidth <= target.clientWidth);
  }));
  all("[data-fits]").forEach((wrap) => fits.observe(wrap));

  /* Ticked rows */
  function tally() {
    const ticks = all("[data-tick]");
    if (!ticks.length) return;
    const ticked = ticks.filter((tick) => tick.checked);
    ticks.forEach((tick) => tick.closest("tr").classList.toggle("ticked", tick.checked));
    const every = document.querySelector("[data-tick-all]");
    every.checked = ticked.length === ticks.length;
    every.indeterminate = ticked.length > 0 && ticked.length < ticks.length;
    all("[data-ticked]").forEach((word) => { word.textContent = ticked.length ? `已选 ${ticked.length} 条` : ""; });
    all("[data-needs-ticked]").forEach((button) => { button.disabled = !ticked.length; });
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) all("[data-tick]").forEach((tick) => { tick.checked = event.target.checked; });
    if (event.target.matches("[data-tick], [data-tick-all]")) tally();
  });
  tally();

  /* 录入关键字回车查询. data-follows="kind=node_type": the value of that field goes along, and what was chosen goes with it. */
  all(".search-select").forEach((box) => {
    const input = box.querySelector("[role=combobox]");
    const hidden = box.querySelector("input[type=hidden]");
    const list = box.querySelector("[role=listbox]");
    const status = box.querySelector("[role=status]");
    const follows = Array.from(new URLSearchParams(box.dataset.follows || ""));
    let options = [], current = -1, asked = 0;

    function close() { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); current = -1; }
    function move(to) {
      if (!options.length) return;
      current = (to + options.length) % options.length;
      options.forEach((option, index) => option.setAttribute("aria-selected", String(index === current)));
      input.setAttribute("aria-activedescendant", options[current].id);
      options[current].scrollIntoView({ block: "nearest" });
    }
    function choose(option) {
      hidden.value = option.dataset.id;
      input.value = option.dataset.text;
      box.classList.add("search-select--chosen");
      status.textContent = "";
      close();
      hidden.dispatchEvent(new Event("change", { bubbles: true }));
    }
    async function search() {
      const word = input.value.trim();
      if (!word) { status.textContent = "请先录入关键字。"; return; }
      const mine = ++asked;
      status.textContent = "正在查询…";
      let items, nothing;
      try {
        const url = new URL(box.dataset.url, location.href);
        url.searchParams.set("q", word);
        follows.forEach(([parameter, name]) => { const value = input.form.elements[name].value; if (value) url.searchParams.set(parameter, value); });
        const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        ({ items, nothing } = await answer.json());
      } catch (error) { if (mine === asked) status.textContent = "查询失败，请稍后再试。"; return; }
      if (mine !== asked) return;
      list.replaceChildren();
      options = items.map((item, index) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${index}`;
        option.setAttribute("role", "option");
        option.dataset.id = item.id;
        option.dataset.text = item.text;
        option.append(item.text);
        if (item.note) { const note = document.createElement("small"); note.textContent = item.note; option.append(" ", note); }
        list.append(option);
        return option;
      });
      status.textContent = options.length ? `找到 ${options.length} 条，用上下键选择` : nothing || "没有找到，请换一个关键字。";
      list.hidden = !options.length;
      input.setAttribute("aria-expanded", String(options.length > 0));
      if (options.length) move(0);
    }
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") {
        if (!list.hidden && current >= 0) { event.preventDefault(); choose(options[current]); }
        else if (!hidden.value) { event.preventDefault(); search(); }
      } else if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) search(); else move(current + 1); }
      else if (event.key === "ArrowUp" && !list.hidden) { event.preventDefault(); move(current - 1); }
      else if (event.key === "Escape") close();
    });
    input.addEventListener("input", () => { hidden.value = ""; box.classList.remove("search-select--chosen"); close(); });
    follows.forEach(([, name]) => input.form.elements[name].addEventListener("change", () => {
      const chosen = hidden.value;
      asked += 1; // an answer on its way is to another question
      close();
      box.classList.remove("search-select--chosen");
      if (chosen) input.value = hidden.value = "";
      status.textContent = chosen ? "请重新录入关键字查询。" : "";
    }));
    input.addEventListener("blur", () => setTimeout(close, 150));
    list.addEventListener("mousedown", (event) => { const option = event.target.closest("li"); if (option) { event.preventDefault(); choose(option); } });
    if (hidden.value) box.classList.add("search-select--chosen");
  });

  /* Files: shown in the page's own pane; too large ones are named before they travel. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-preview]");
    const pane = document.querySelector("[data-preview-pane]");
    if (!link || !pane || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const kind = link.dataset.preview;
    if (kind !== "application/pdf" && !kind.startsWith("image/")) return;
    event.preventDefault();
    const shown = document.createElement(kind === "application/pdf" ? "iframe" : "img");
    shown.src = link.href + (kind === "application/pdf" ? "#navpanes=0&view=FitH" : "");
    if (shown.tagName === "IMG") shown.alt = link.textContent; else shown.title = link.textContent;
    pane.replaceChildren(shown);
    pane.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file" || !input.files.length) return;
    const most = Number(input.dataset.maxBytes || 10485760);
    const file = input.files[0], large = file.size > most;
    const chosen = document.querySelector(`[data-chosen="${input.id}"]`);
    if (chosen) chosen.textContent = `${file.name}（${file.size < 1048576 ? `${Math.ceil(file.size / 1024)} KB` : `${(file.size / 1048576).toFixed(1)} MB`}）`;
    input.setCustomValidity(large ? `文件超过 ${Math.floor(most / 1048576)} MB，请压缩后再上传。` : "");
    if (large) input.reportValidity();
    else if ("autoSubmit" in input.dataset) input.form.requestSubmit();
  });

  /* Long text: what is left. */
  all("textarea[data-count][maxlength]").forEach((area) => {
    const left = document.createElement("p");
    left.className = "hint";
    const count = () => { left.textContent = `${area.value.length} / ${area.maxLength} 字`; };
    area.addEventListener("input", count);
    area.after(left);
    count();
  });

  /* Leaving a changed form asks; one that came back refused holds what was typed before. */
  const unsaved = () => all("form[data-changed]").some((form) => !form.dataset.sent);
  all("form[data-warn-unsaved]:has([data-focus])").forEach((form) => { form.dataset.changed = "1"; });
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && "warnUnsaved" in form.dataset) form.dataset.changed = "1";
  });
  window.addEventListener("beforeunload", (event) => { if (unsaved()) event.preventDefault(); });
  window.zhicheng = { ask, unsaved };

  /* The sidebar stays where it is from page to page (see shell.settle). */
  const side = document.getElementById("side");
  if (side) window.addEventListener("pagehide", () => { try { sessionStorage.setItem("side", side.scrollTop); } catch (_) { /* switched off */ } });

  /* The sidebar on narrow screens; the way back on error pages; the eye on what went wrong. */
  all("[data-menu]").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    if (side) link.setAttribute("aria-expanded", String(side.classList.toggle("open")));
  }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (side && side.classList.contains("open")) { side.classList.remove("open"); const link = document.querySelector("[data-menu]"); link.setAttribute("aria-expanded", "false"); link.focus(); }
  });
  all("[data-back]").forEach((link) => link.addEventListener("click", (event) => {
    if (history.length > 1) { event.preventDefault(); history.back(); }
  }));
  /* Entries of a section: added from a template, removed, numbered. */
  const entries = document.querySelector("[data-entries]");
  if (entries) {
    let next = entries.children.length;
    const number = () => all("[data-number]", entries).forEach((word, index) => { word.textContent = index + 1; });
    const add = document.querySelector("[data-add-entry]");
    if (add) add.addEventListener("click", () => {
      const fresh = document.querySelector("[data-blank-entry]").content.cloneNode(true);
      all("[name], [id], [for], [aria-describedby]", fresh).forEach((node) => ["name", "id", "for", "aria-describedby"].forEach((name) => {
        if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replaceAll("__n__", next));
      }));
      next += 1;
      entries.append(fresh);
      number();
      entries.lastElementChild.querySelector("input, select, textarea").focus();
    });
    entries.addEventListener("click", (event) => {
      if (event.target.matches("[data-remove-entry]")) { event.target.closest(".entry").remove(); number(); }
    });
  }

  /* Choosing a series, level … asks the server what may be chosen next; nothing is saved by it. */
  const refresh = document.querySelector("[data-refresh-button]");
  if (refresh) refresh.form.addEventListener("change", (event) => {
    if (event.target.name && !event.target.name.endsWith("__text") && event.target.name !== "final_body_id" && event.target.name !== "title_id") refresh.click();
  });
  all("[data-refresh]").forEach((node) => setTimeout(() => window.location.reload(), Number(node.dataset.refresh)));

  all("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
  /* The eye on what went wrong; otherwise, at a desk, on the first field. */
  const wrong = document.querySelector("[data-focus]");
  const first = document.querySelector(".office [data-first-field] :is(input:not([type=hidden]), select, textarea)");
  if (wrong) wrong.focus(); else if (first) first.focus({ preventScroll: true });
})();
