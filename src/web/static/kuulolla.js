// Makes pages quicker to use; every page works without it. Nothing here is stored or sent anywhere.
(() => {
  "use strict";
  const all = (selector, within = document) => within.querySelectorAll(selector);

  // Characters as the server counts them: a surrogate pair is one, a line end is one, space around does not count.
  const length = (text) => [...text.trim().replace(/\r\n?/g, "\n")].length;

  const count = (area) => {
    const counter = document.createElement("p");
    counter.className = "counter";
    counter.id = `${area.id}-counter`;
    area.after(counter);
    const spoken = document.createElement("p");
    spoken.className = "visually-hidden";
    spoken.setAttribute("aria-live", "polite");
    counter.after(spoken);
    let pause;
    const show = () => {
      const left = Number(area.dataset.longest) - length(area.value);
      const text = (left < 0 ? area.dataset.over : area.dataset.left).replace("{n}", Math.abs(left));
      counter.textContent = text;
      counter.classList.toggle("is-over", left < 0);
      // Said aloud only near the end, and only when the typing pauses.
      clearTimeout(pause);
      if (left < 200) pause = setTimeout(() => { spoken.textContent = text; }, 1000);
    };
    area.addEventListener("input", show);
    show();
  };

  const copy = (button) => {
    const status = document.querySelector("[data-copy-status]");
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        const before = button.textContent;
        button.textContent = button.dataset.done;
        status.textContent = button.dataset.done;
        setTimeout(() => { button.textContent = before; status.textContent = ""; }, 4000);
      } catch {
        // No right to the clipboard: the code is selected, so that one key copies it.
        getSelection().selectAllChildren(source);
      }
    });
  };

  // The mailed link carries the code behind "#", which browsers do not send. It leaves the address at once.
  const takeCode = (form) => {
    const code = decodeURIComponent(location.hash.slice(1));
    if (!/^[0-9a-z -]{20,40}$/i.test(code)) return;
    form.elements.tracking_code.value = code;
    history.replaceState(null, "", location.pathname + location.search);
    form.querySelector("button").focus();
  };

  const once = (form) => {
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "yes";
      all("button[type=submit]", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
    });
  };
  // Coming back with the back button, the form may be sent again: the server knows it by its key.
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("[aria-disabled]", form).forEach((button) => button.removeAttribute("aria-disabled"));
  }));

  const preview = (box) => {
    const form = box.closest("form");
    const text = form.elements.text;
    const nickname = form.elements["publication.nickname"];
    const name = box.querySelector("[data-preview-name]");
    const show = () => {
      const permission = new FormData(form).get("publication.permission");
      box.hidden = !text.value.trim() || !permission || permission === "none";
      box.querySelector("[data-preview-text]").textContent = text.value.trim();
      name.textContent = (permission === "nickname" && nickname.value.trim()) || name.dataset.anonymous;
    };
    form.addEventListener("input", show);
    form.addEventListener("change", show);
    show();
  };

  const start = (within) => {
    all("[data-longest]", within).forEach(count);
    all("[data-needs-script]", within).forEach((part) => { part.hidden = false; });
    all("[data-copy]", within).forEach(copy);
    all("[data-print]", within).forEach((button) => button.addEventListener("click", () => print()));
    all("[data-code-from-address]", within).forEach(takeCode);
    all("[data-confirm]", within).forEach((form) => form.addEventListener("submit", (event) => {
      if (!confirm(form.dataset.confirm)) event.preventDefault();
    }));
    all("form[data-once]", within).forEach(once);
    all("[data-preview]", within).forEach(preview);
    const errors = within.querySelector("[data-focus]");
    if (errors) errors.focus();
  };
  start(document);
})();
