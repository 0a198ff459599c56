/*
 * The demo: writes as a guest, shows what reaches the guest, and the deal card beside it.
 * Everything is read from the sandbox's control surface by polling.
 */
(function () {
  'use strict';

  var CHAT_POLL_MS = 1000;
  var DEAL_POLL_MS = 1500;
  var CLOCK_POLL_MS = 5000;
  var TYPING_LIMIT_MS = 12000; // thanks get no answer: then the dots must not go on for ever
  var NOTICE_MS = 6000;
  var FIRST_FRESH_PHONE = 79000000201;
  var ZONE = 'Europe/Moscow';
  var CHIPS = ['Здравствуйте! Сколько стоит номер на двоих?', 'Нас будет пятеро', 'Позовите человека', 'Спасибо'];
  var OWNERS = { 'Бот': 'bot', 'Ждёт менеджера': 'waiting', 'Менеджер': 'manager' };
  var AUTHORS = { bot: 'бот', manager: 'менеджер', robot: 'робот amoCRM', bulk: 'рассылка' };
  var KINDS = { image: 'Фото', voice: 'Голосовое сообщение', file: 'Вложение' };
  var ICONS = {
    image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01',
    voice: 'M12 4v9M9 7v3M15 7v3M6 11a6 6 0 0 0 12 0M12 17v3',
    file: 'M7 4h7l4 4v12H7zM14 4v4h4'
  };

  var guests = [];        // {phone, name}
  var phone = null;       // of the chosen guest
  var manager = 9002;
  var users = [];
  var deal = null;        // the deal on the screen
  var transcript = [];
  var pending = [];       // messages on their way: {key, text, kind, id?, failed?}
  var kinds = {};         // message id → kind of attachment, for those sent from here
  var waitingSince = 0;   // when the guest's last unanswered message was first seen here
  var clock = null;       // {at: business ms, seen: performance.now(), speed}
  var counter = 0;
  var sending = 0;        // messages on their way to the server
  var scrolledTo = 0;
  var atEnd = true;       // the chat follows the newest message until the viewer scrolls up

  // ── small helpers ────────────────────────────────────────────────────────────────────────────

  function byId(id) { return document.getElementById(id); }

  function element(tag, className, text) {
    var made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function icon(kind) {
    var holder = element('span');
    holder.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="' + ICONS[kind] + '"/></svg>';
    return holder.firstChild;
  }

  function setText(id, text) {
    var target = byId(id);
    if (target.textContent !== text) target.textContent = text;
  }

  async function request(method, url, body) {
    var answer = await fetch(url, {
      method: method,
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body ? JSON.stringify(body) : undefined
    });
    if (!answer.ok) {
      var error = new Error(method + ' ' + url + ': HTTP ' + answer.status);
      error.status = answer.status;
      throw error;
    }
    var text = await answer.text();
    return text ? JSON.parse(text) : null;
  }

  function get(url) { return request('GET', url); }

  /** Like get, but an unknown guest is an ordinary answer. */
  async function getIfKnown(url, otherwise) {
    try {
      return await get(url);
    } catch (error) {
      if (error.status === 404) return otherwise;
      throw error;
    }
  }

  function inZone(when, options) {
    return new Intl.DateTimeFormat('ru-RU', Object.assign({ timeZone: ZONE }, options)).format(new Date(when));
  }

  function hours(when) { return inZone(when, { hour: '2-digit', minute: '2-digit' }); }
  function day(when) { return inZone(when, { day: 'numeric', month: 'long' }); }
  function digits(text) { return String(text || '').replace(/\D/g, ''); }

  function prettyPhone(text) {
    var match = /^7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(text);
    return match ? '+7 ' + match[1] + ' ' + match[2] + '-' + match[3] + '-' + match[4] : text;
  }

  // ── notices ──────────────────────────────────────────────────────────────────────────────────

  var noticeTimer = 0;
  var lost = {}; // which polls fail now

  function notice(text, lasting) {
    clearTimeout(noticeTimer);
    byId('notice').textContent = text;
    byId('notice').hidden = false;
    if (!lasting) noticeTimer = setTimeout(hideNotice, NOTICE_MS);
  }

  function hideNotice() { byId('notice').hidden = true; }

  /** Runs `task` for ever with a pause; failures are told once, calmly, and the end of them too. */
  async function repeat(name, pause, task) {
    for (;;) {
      if (!document.hidden) {
        try {
          await task();
          connectionBack(name);
        } catch (error) {
          connectionLost(name, error);
        }
      }
      await new Promise(function (resolve) { setTimeout(resolve, pause); });
    }
  }

  function connectionLost(name, error) {
    console.debug(name, error);
    lost[name] = (lost[name] || 0) + 1;
    if (lost[name] === 3) notice('Нет связи с демонстрацией. Она продолжится сама, как только связь вернётся.', true);
  }

  function connectionBack(name) {
    if (!lost[name]) return;
    delete lost[name];
    if (Object.keys(lost).length === 0) hideNotice();
  }

  // ── the clock ────────────────────────────────────────────────────────────────────────────────

  function setClock(answer) {
    clock = { at: Date.parse(answer.now), seen: performance.now(), speed: Number(answer.speed === undefined ? 1 : answer.speed) };
    drawClock();
  }

  function drawClock() {
    if (!clock) return;
    var now = clock.at + (performance.now() - clock.seen) * clock.speed;
    setText('clock-time', hours(now));
    setText('clock-day', inZone(now, { weekday: 'long', day: 'numeric', month: 'long' }));
  }

  async function advance(button) {
    var buttons = document.querySelectorAll('[data-advance]');
    buttons.forEach(function (each) { each.disabled = true; });
    button.classList.add('busy');
    try {
      setClock(await request('POST', '/sandbox/clock', { advance_s: Number(button.dataset.advance) }));
      await Promise.all([pollChat(), pollDeal()]);
    } catch (error) {
      console.debug(error);
      notice('Часы не перевелись. Попробуйте ещё раз.');
    }
    button.classList.remove('busy');
    buttons.forEach(function (each) { each.disabled = false; });
  }

  // ── guests ───────────────────────────────────────────────────────────────────────────────────

  async function isFree(candidate) {
    if (guests.some(function (guest) { return guest.phone === candidate; })) return false;
    return (await getIfKnown('/sandbox/guests/' + candidate + '/transcript', null)) === null;
  }

  async function freshPhone() {
    var candidate = FIRST_FRESH_PHONE;
    while (!(await isFree(String(candidate)))) candidate += 1;
    return String(candidate);
  }

  /** The guests of all deals, the one with the newest deal first. */
  async function loadGuests() {
    var known = {};
    (await get('/sandbox/deals')).forEach(function (each) {
      var contact = each.contact || {};
      var number = digits(contact.phone).replace(/^8(?=\d{10}$)/, '7');
      if (number) known[number] = { phone: number, name: contact.name || '', newest: Math.max(each.id, (known[number] || {}).newest || 0) };
    });
    guests = Object.values(known).sort(function (a, b) { return b.newest - a.newest; });
  }

  function nameOf(guest) {
    var named = guest.name && digits(guest.name) !== guest.phone;
    return named ? guest.name + ' · …' + prettyPhone(guest.phone).slice(-5) : prettyPhone(guest.phone);
  }

  function drawGuests() {
    var listed = guests.some(function (guest) { return guest.phone === phone; });
    var options = [['new', 'Новый гость…']];
    if (phone && !listed) options.push([phone, 'Новый гость ' + prettyPhone(phone)]);
    guests.forEach(function (guest) { options.push([guest.phone, nameOf(guest)]); });
    var print = JSON.stringify(options);
    var select = byId('guest');
    if (select.dataset.print !== print) {
      select.dataset.print = print;
      select.replaceChildren.apply(select, options.map(function (option) { return new Option(option[1], option[0]); }));
    }
    select.value = phone || 'new';
  }

  async function chooseGuest(number) {
    phone = number;
    transcript = [];
    pending = [];
    waitingSince = 0;
    deal = null;
    history.replaceState(null, '', '?guest=' + phone + '&manager=' + manager);
    drawGuests();
    drawChat(true);
    drawScreen();
    await Promise.all([pollChat(), pollDeal()]);
  }

  // ── the chat ─────────────────────────────────────────────────────────────────────────────────

  async function pollChat() {
    var asked = phone;
    if (!asked || sending) return; // a transcript read meanwhile could show the same message twice
    var fresh = await getIfKnown('/sandbox/guests/' + asked + '/transcript', []);
    if (asked !== phone || sending) return;
    var last = fresh[fresh.length - 1];
    var before = transcript[transcript.length - 1];
    if (!last || last.from !== 'guest') waitingSince = 0;
    // What a guest wrote before this page was opened is not being answered right now.
    else if (!before ? pending.length : before.id !== last.id) waitingSince = Date.now();
    transcript = fresh;
    var there = new Set(fresh.map(function (message) { return String(message.id); }));
    pending = pending.filter(function (message) { return message.id === undefined || !there.has(String(message.id)); });
    drawChat();
  }

  function rows() {
    var result = [];
    var lastDay = '';
    transcript.forEach(function (message) {
      var today = day(message.at);
      if (today !== lastDay) result.push({ key: 'day-' + today, day: today });
      lastDay = today;
      result.push({
        key: 'message-' + message.id,
        from: message.from,
        text: message.text,
        kind: message.text ? null : kinds[message.id] || 'file',
        time: hours(message.at)
      });
    });
    pending.forEach(function (message) {
      result.push({ key: message.key, from: 'guest', text: message.text, kind: message.kind, time: '', state: message.failed ? 'failed' : 'pending' });
    });
    return result;
  }

  function drawRow(row) {
    if (row.day) return element('div', 'day', row.day);
    var guest = row.from === 'guest';
    var made = element('div', 'row ' + (guest ? 'guest' : 'other') + (row.state ? ' ' + row.state : ''));
    made.dataset.from = row.from;
    var bubble = element('div', 'bubble');
    if (row.kind) {
      var attachment = element('div', 'attachment');
      attachment.append(icon(row.kind), KINDS[row.kind]);
      bubble.append(attachment);
    } else {
      bubble.append(row.text);
    }
    if (row.time) bubble.append(element('time', '', row.time));
    made.append(bubble);
    if (!guest) made.append(element('div', 'who ' + row.from, AUTHORS[row.from] || row.from));
    if (row.state === 'failed') {
      var again = element('button', 'retry', 'Не отправлено. Повторить');
      again.type = 'button';
      again.addEventListener('click', function () { sendAgain(row.key); });
      made.append(again);
    }
    return made;
  }

  /** Adds, replaces and removes only the rows that differ; follows the end unless the viewer scrolled up. */
  function drawChat(first) {
    var list = byId('messages');
    var wanted = rows();
    var wasEmpty = list.childElementCount === 0;
    var drawn = {};
    Array.from(list.children).forEach(function (child) { drawn[child.dataset.key] = child; });
    wanted.forEach(function (row, index) {
      var print = JSON.stringify(row);
      var known = drawn[row.key];
      delete drawn[row.key];
      if (!known || known.dataset.print !== print) {
        var fresh = drawRow(row);
        fresh.dataset.key = row.key;
        fresh.dataset.print = print;
        if (!known && !first && !(wasEmpty && wanted.length > 2)) fresh.classList.add('fresh');
        if (known) known.replaceWith(fresh);
        known = fresh;
      }
      if (list.children[index] !== known) list.insertBefore(known, list.children[index] || null);
    });
    Object.values(drawn).forEach(function (gone) { gone.remove(); });
    if (first) atEnd = true;
    drawPresence();
    follow();
  }

  function follow() {
    if (atEnd) byId('chat').scrollTop = byId('chat').scrollHeight;
  }

  function owner() { return (deal && OWNERS[deal.owner_field]) || 'bot'; }

  function drawPresence() {
    var answering = waitingSince > 0 && Date.now() - waitingSince < TYPING_LIMIT_MS;
    var typing = answering && owner() === 'bot';
    if (byId('typing').hidden === typing) {
      byId('typing').hidden = !typing;
      follow();
    }
    setText('presence', typing ? 'печатает…' : 'WhatsApp');
  }

  // ── writing as the guest ─────────────────────────────────────────────────────────────────────

  function bodyOf(message) {
    var body = { text: message.text };
    if (message.kind) body.attachments = [{ type: message.kind, name: message.name }];
    return body;
  }

  async function deliver(message) {
    var to = phone;
    sending += 1;
    try {
      message.id = (await request('POST', '/sandbox/guests/' + to + '/messages', bodyOf(message))).id;
      if (message.kind) kinds[message.id] = message.kind;
    } catch (error) {
      console.debug(error);
      message.failed = true;
    }
    sending -= 1;
    if (to !== phone) return;
    drawChat();
    await pollChat().catch(console.debug);
  }

  function send(text, kind, name) {
    counter += 1;
    var message = { key: 'pending-' + counter, text: text, kind: kind || null, name: name };
    pending.push(message);
    atEnd = true;
    drawChat();
    return deliver(message);
  }

  function sendAgain(key) {
    var message = pending.find(function (each) { return each.key === key; });
    message.failed = false;
    drawChat();
    deliver(message);
  }

  // ── the manager's screen ─────────────────────────────────────────────────────────────────────

  function newest(deals) {
    var open = deals.filter(function (each) { return !each.closed; });
    return (open.length ? open : deals).reduce(function (best, each) { return !best || each.id > best.id ? each : best; }, null);
  }

  async function pollDeal() {
    var asked = phone;
    if (!asked) return;
    var deals = await getIfKnown('/sandbox/deals?phone=' + asked, []);
    if (asked !== phone) return;
    var known = deal && deal.id;
    deal = newest(deals);
    if (deal && deal.id !== known) {
      await loadGuests();
      drawGuests();
    }
    drawScreen();
    drawPresence();
  }

  /** The frame is loaded anew only when the deal or the manager is another. */
  function drawScreen() {
    var screen = byId('screen');
    var frame = screen.querySelector('iframe');
    var address = deal ? '/leads/detail/' + deal.id + '?user=' + manager + '&panel=1' : '';
    drawOwner();
    drawEmpty();
    if ((frame ? frame.dataset.address : '') === address) return;
    if (frame) frame.remove();
    if (!deal) return;
    frame = element('iframe');
    frame.title = 'Карточка сделки в amoCRM';
    frame.dataset.address = address;
    frame.addEventListener('load', function () { frame.classList.add('shown'); });
    frame.src = address;
    screen.append(frame);
  }

  function drawOwner() {
    var chip = byId('owner');
    var field = deal ? deal.owner_field : '';
    chip.hidden = !OWNERS[field];
    if (chip.hidden) return;
    chip.dataset.owner = OWNERS[field];
    setText('owner', { bot: 'Ведёт бот', waiting: 'Ждёт менеджера', manager: 'Ведёт менеджер' }[OWNERS[field]]);
  }

  function drawEmpty() {
    var written = transcript.length > 0 || pending.length > 0;
    byId('empty').hidden = Boolean(deal);
    byId('steps').hidden = written;
    setText('empty-title', written ? 'Сделка появится через несколько секунд' : 'Здесь откроется карточка сделки');
    setText('empty-text', written
      ? 'Бот уже отвечает гостю: ответ не ждёт, пока в amoCRM создастся сделка.'
      : 'Начните с телефона гостя, он слева.');
  }

  function drawManagers() {
    var active = users.filter(function (user) { return user.is_active !== false; });
    var order = active.filter(function (user) { return !user.is_admin; }).concat(active.filter(function (user) { return user.is_admin; }));
    byId('managers').replaceChildren.apply(byId('managers'), order.map(function (user) {
      var button = element('button', '', user.name.split(' ')[0]);
      button.type = 'button';
      button.title = user.name + (user.is_admin ? ', администратор' : '');
      button.dataset.letter = user.name.charAt(0);
      button.setAttribute('role', 'radio');
      button.setAttribute('aria-checked', String(user.id === manager));
      button.addEventListener('click', function () { chooseManager(user.id); });
      return button;
    }));
  }

  function chooseManager(id) {
    manager = id;
    history.replaceState(null, '', '?guest=' + phone + '&manager=' + manager);
    drawManagers();
    drawScreen();
  }

  // ── start ────────────────────────────────────────────────────────────────────────────────────

  function openAttachMenu(open) {
    byId('attach-menu').hidden = !open;
    byId('attach').setAttribute('aria-expanded', String(open));
  }

  function listen() {
    byId('write').addEventListener('submit', function (event) {
      event.preventDefault();
      var text = byId('text').value.trim();
      if (!text || !phone) return;
      byId('text').value = '';
      send(text);
    });
    CHIPS.forEach(function (text) {
      var chip = element('button', '', text);
      chip.type = 'button';
      chip.addEventListener('click', function () { if (phone) send(text); });
      byId('chips').append(chip);
    });
    byId('chat').addEventListener('scroll', function () {
      // Rows that wrap anew move the end away too, so only a move upwards counts as the viewer's.
      if (this.scrollHeight - this.scrollTop - this.clientHeight < 40) atEnd = true;
      else if (this.scrollTop < scrolledTo) atEnd = false;
      scrolledTo = this.scrollTop;
    });
    new ResizeObserver(follow).observe(byId('chat'));
    byId('attach').addEventListener('click', function () { openAttachMenu(byId('attach-menu').hidden); });
    byId('attach-menu').addEventListener('click', function (event) {
      var choice = event.target.closest('[data-type]');
      if (choice && phone) send('', choice.dataset.type, choice.dataset.name);
    });
    document.addEventListener('click', function (event) {
      if (!event.target.closest('#attach')) openAttachMenu(false);
    });
    document.addEventListener('keydown', function (event) {
      if (event.key === 'Escape') openAttachMenu(false);
    });
    byId('guest').addEventListener('change', async function () {
      try {
        await chooseGuest(this.value === 'new' ? await freshPhone() : this.value);
      } catch (error) {
        console.debug(error);
        notice('Не получилось открыть переписку. Попробуйте ещё раз.');
      }
    });
    document.querySelectorAll('[data-advance]').forEach(function (button) {
      button.addEventListener('click', function () { advance(button); });
    });
  }

  async function start() {
    users = await get('/sandbox/users');
    await loadGuests();
    var query = new URLSearchParams(location.search);
    manager = Number(query.get('manager')) || manager;
    drawManagers();
    await chooseGuest(digits(query.get('guest')) || await freshPhone());
  }

  async function startWhenReady() {
    for (;;) {
      try {
        return await start();
      } catch (error) {
        console.debug(error);
        notice('Демонстрация ещё запускается. Страница откроется сама.', true);
        await new Promise(function (resolve) { setTimeout(resolve, 1500); });
      }
    }
  }

  listen();
  startWhenReady().then(function () {
    hideNotice();
    repeat('chat', CHAT_POLL_MS, pollChat);
    repeat('deal', DEAL_POLL_MS, pollDeal);
    repeat('clock', CLOCK_POLL_MS, async function () { setClock(await get('/sandbox/clock')); });
    setInterval(drawClock, 1000);
  });
}());
