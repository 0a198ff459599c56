// The shell of Estafeta's widget: see README.md.
define(['jquery'], function ($) {
  'use strict';

  const ORIGIN = '__ORIGIN__';
  const CARD = '__CARD__.js';
  const STYLE = '__STYLE__';
  const ELSEWHERE = '__ELSEWHERE__';
  const BONES = '<div class="estafeta-bone"></div>'.repeat(2);

  // One for the whole page: this module runs once.
  const root = document.createElement('div');
  let session = null;
  let module = null;
  let active = null;
  let count = 0;

  /** A session for a one-time token; a used one is replaced once. */
  async function request(widget, again) {
    try {
      return await widget.$authorizedAjax({ url: ORIGIN + '/api/v1/session?v=__VERSION__', type: 'POST', timeout: 12000 });
    } catch (xhr) {
      const problem = { code: xhr.status ? 'token_refused' : 'unreachable', ...xhr.responseJSON };
      if (problem.code === 'token_replayed' && !again) return request(widget, true);
      throw problem;
    }
  }

  /** The page's session; a new one if `stale`, the bearer that was refused, is still the current one. */
  async function open(widget, stale) {
    if (!session || (stale && (await session).token === stale)) {
      session = request(widget);
      session.catch(() => { session = null; });
    }
    return session;
  }

  async function call(entry, method, what, stale) {
    const { token } = await open(entry.widget, stale);
    const options = { method, headers: { Authorization: 'Bearer ' + token } };
    const answer = await fetch(`${ORIGIN}/api/v1/deals/${entry.deal}/${what}`, options);
    if (answer.status === 401 && !stale) return call(entry, method, what, token);
    if (!answer.ok) throw new Error(answer.status);
    return answer;
  }

  function inject(url) {
    return new Promise((done, failed) => {
      const refuse = () => { failed(new Error(url)); require.undef(url); };
      require([url], (start) => (start ? done(start) : refuse()), refuse);
    });
  }

  /** The card's module: from the archive, else from the backend. */
  async function load(path) {
    const own = inject(path + '/' + CARD);
    const start = await (ELSEWHERE ? own.catch(() => inject(ELSEWHERE + CARD)) : own);
    return start(ELSEWHERE);
  }

  /** Plain words in the place of the card. */
  function say(entry, text, more) {
    const $status = $('<div class="estafeta-status"></div>').text(entry.texts[text]);
    entry.$body.empty().append($status, more);
  }

  function badge(entry, dot, title) {
    entry.$dot.attr({ class: 'estafeta-badge estafeta-dot-' + dot, title, 'aria-label': title });
  }

  /** Colours the dot until the card does. */
  async function readOwner(entry) {
    const { dialogs } = await (await call(entry, 'GET', 'dialogs')).json();
    const { user } = await open(entry.widget);
    const led = dialogs.map(({ owner: o }) => (o.kind !== 'manager' ? o.kind : o.user === user ? 'me' : 'other'));
    const dot = ['waiting', 'me', 'other', 'bot'].find((kind) => led.includes(kind)) || 'none';
    if (!entry.hide) badge(entry, dot, entry.texts['caption.' + dot]);
  }

  async function mount(entry) {
    entry.observer.disconnect();
    say(entry, 'state.connecting', BONES);
    try {
      const { show, hide } = await (module = module || load(entry.path));
      if (active !== entry) return;
      entry.hide = hide;
      entry.$body.empty().append(root);
      const host = { session: (stale) => open(entry.widget, stale), badge: (...owner) => badge(entry, ...owner) };
      show(root, host, ORIGIN, entry.deal, entry.texts);
    } catch (error) {
      module = null;
      if (!window.WebAssembly || error instanceof WebAssembly.CompileError) return say(entry, 'error.wasm_unsupported');
      const $again = $('<button class="estafeta-button"></button>').text(entry.texts['do.retry']);
      say(entry, 'error.asset_failed', $again.on('click', () => mount(entry)));
    }
  }

  /** Tells the backend, once, that the deal was looked at for 3 s. */
  function watch(entry) {
    let glances = 0;
    entry.timer = setInterval(() => {
      glances = document.hasFocus() ? glances + 1 : 0;
      if (glances < 12) return;
      clearInterval(entry.timer);
      call(entry, 'POST', 'opened').then(() => readOwner(entry)).catch($.noop);
    }, 250);
  }

  function enter(widget, deal) {
    const id = 'estafeta-' + (count += 1);
    const path = new URL(widget.params.path, location.href).href;
    if (!$('#' + STYLE).length) $('head').append(`<link id="${STYLE}" rel="stylesheet" href="${path}/style.css?v=${STYLE}">`);
    widget.render_template({
      caption: { class_name: 'estafeta-caption', html: `<span id="${id}-dot" role="img"></span>` },
      body: `<div id="${id}" class="estafeta">${BONES}</div>`,
      render: ''
    });
    const entry = active = { widget, deal, path, texts: widget.langs.card, $body: $('#' + id), $dot: $(`#${id}-dot`) };
    if (!deal) return say(entry, 'none.unsaved', document.createTextNode(entry.texts['none.unsaved.hint']));
    entry.observer = new IntersectionObserver((places) => {
      if (places.some((place) => place.isIntersecting)) mount(entry);
    });
    entry.observer.observe(entry.$body[0]);
    readOwner(entry).catch(() => badge(entry, 'problem', entry.texts['badge.problem']));
    watch(entry);
  }

  function leave(entry) {
    active = null;
    root.remove();
    clearInterval(entry.timer);
    entry.observer?.disconnect();
    entry.hide?.();
  }

  return function () {
    const self = this;
    this.callbacks = {
      render() {
        const deal = self.system().area === 'lcard' && APP.data.current_card;
        if (active) leave(active);
        if (deal) enter(self, Number(deal.id) || 0);
        return true;
      },
      init: () => true,
      bind_actions: () => true,
      destroy() {
        if (active && active.widget === self) leave(active);
        return true;
      },
      settings: () => true,
      onSave: () => true
    };
    return this;
  };
});
