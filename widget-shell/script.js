// The shell of Estafeta's widget: see README.md.
define(['jquery'], function ($) {
  'use strict';

  const ORIGIN = '__ORIGIN__';
  const CARD = '__CARD__.js';
  const SETTINGS = '__SETTINGS__.js';
  const STYLE = '__STYLE__';
  const ELSEWHERE = '__ELSEWHERE__';
  const BONES = '<div class="estafeta-bone"></div>'.repeat(2);
  const yes = () => true;

  // One for the whole page.
  const root = document.createElement('div');
  let session, module, active, count = 0;

  /** A used one-time token is replaced once. */
  async function request(widget, again) {
    try {
      return await widget.$authorizedAjax({ url: ORIGIN + '/api/v1/session?v=__VERSION__', type: 'POST', timeout: 12e3 });
    } catch (xhr) {
      const problem = { code: xhr.status ? 'token_refused' : 'unreachable', ...xhr.responseJSON };
      if (problem.code === 'token_replayed' && !again) return request(widget, true);
      throw problem;
    }
  }

  /** The session; a new one if `stale` was refused. */
  async function open(widget, stale) {
    if (!session || (stale && (await session).token === stale)) {
      session = request(widget);
      session.catch(() => { session = null; });
    }
    return session;
  }

  async function call(entry, method, what, stale) {
    const { token } = await open(entry.widget, stale);
    const headers = { Authorization: 'Bearer ' + token };
    const answer = await fetch(`${ORIGIN}/api/v1/deals/${entry.deal}/${what}`, { method, headers });
    if (answer.status === 401 && !stale) return call(entry, method, what, token);
    if (!answer.ok) throw answer;
    return answer;
  }

  function inject(url) {
    return new Promise((done, failed) => {
      const refuse = () => { failed(url); require.undef(url); };
      require([url], (start) => (start ? done(start) : refuse()), refuse);
    });
  }

  /** A part: from the archive, else from the backend. */
  async function load(widget, part) {
    const own = inject(new URL(widget.params.path, location.href) + '/' + part);
    const start = await (ELSEWHERE ? own.catch(() => inject(ELSEWHERE + part)) : own);
    return start(ELSEWHERE);
  }

  /** The settings: in amoCRM's window, else as a page. */
  function configure(widget, $box) {
    const sorry = { header: 'Estafeta', text: widget.langs.card['error.asset_failed'] };
    load(widget, SETTINGS).then(({ show }) => show(widget, { open }, ORIGIN, $box))
      .catch(() => APP.notifications.show_message_error(sorry));
    return true;
  }

  function say(entry, text, more) {
    entry.$body.empty().append($('<div class="estafeta-status">').text(entry.texts[text]), more);
  }

  function badge(entry, dot, title) {
    entry.$dot.attr({ class: 'estafeta-badge estafeta-dot-' + dot, title, 'aria-label': title });
  }

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
      const { show, hide } = await (module ||= load(entry.widget, CARD));
      if (active !== entry) return;
      entry.hide = hide;
      entry.$body.html(root);
      const session = (stale) => open(entry.widget, stale);
      show(root, { session, badge: badge.bind(null, entry) }, ORIGIN, entry.deal, entry.texts);
    } catch (error) {
      module = null;
      if (!window.WebAssembly || error instanceof WebAssembly.CompileError) return say(entry, 'error.wasm_unsupported');
      const $again = $('<button class="estafeta-button">').text(entry.texts['do.retry']).on('click', () => mount(entry));
      say(entry, 'error.asset_failed', $again);
    }
  }

  /** Tells, once, that the deal was looked at for 3 s. */
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
    if (!count) $('head').append(`<link rel="stylesheet" href="${widget.params.path}/style.css?v=${STYLE}">`);
    const id = 'estafeta-' + ++count;
    widget.render_template({
      caption: { class_name: 'estafeta-caption', html: `<span id="${id}-dot" role="img"></span>` },
      body: `<div id="${id}" class="estafeta">${BONES}</div>`,
      render: ''
    });
    const entry = active = { widget, deal, texts: widget.langs.card, $body: $('#' + id), $dot: $(`#${id}-dot`) };
    if (!deal) return say(entry, 'none.unsaved', $('<div class="estafeta-line">').text(entry.texts['none.unsaved.hint']));
    entry.observer = new IntersectionObserver((places) => places.some((place) => place.isIntersecting) && mount(entry));
    entry.observer.observe(entry.$body[0]);
    readOwner(entry).catch(() => badge(entry, 'problem', entry.texts['badge.problem']));
    watch(entry);
  }

  function leave() {
    root.remove();
    clearInterval(active?.timer);
    active?.observer?.disconnect();
    active?.hide?.();
    active = null;
    return true;
  }

  return function () {
    this.callbacks = {
      render: () => {
        const deal = this.system().area === 'lcard' && APP.data.current_card;
        leave();
        if (deal) enter(this, Number(deal.id));
        return true;
      },
      init: yes,
      bind_actions: yes,
      destroy: () => active?.widget !== this || leave(),
      settings: ($body) => configure(this, $body),
      advancedSettings: () => configure(this),
      onSave: yes
    };
    return this;
  };
});
