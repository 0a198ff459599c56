/*
 * The deal card page: draws the deal, keeps it fresh by polling, and moves between deals in place,
 * telling the host of widgets about every change of area.
 */
requirejs(['jquery', 'underscore', 'amocrm/host', 'amocrm/settings'], function ($, _, host, settings) {
  'use strict';

  var POLL_MS = 1500;
  var OWNERS = ['', 'Бот', 'Ждёт менеджера', 'Менеджер'];
  var WON = 142;
  var LOST = 143;
  var FALLBACK_COLOURS = ['#c1e0ff', '#fff3a6', '#ffd7a3', '#c8f0b8', '#b6ecd8', '#d5c8ff', '#e5e5e5'];

  var query = new URLSearchParams(location.search);
  var language = query.get('lang') === 'en' ? 'en' : 'ru';
  var state = JSON.parse(document.getElementById('sandbox-state').textContent);
  var user = state.user.id;
  var view = null; // what is on the screen: {name, lead, update()}
  var visits = 0;

  // ── small helpers ────────────────────────────────────────────────────────────────────────────

  function request(method, url, body) {
    return fetch(url, {
      method: method,
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body ? JSON.stringify(body) : undefined
    }).then(function (answer) {
      if (!answer.ok) throw _.extend(new Error(method + ' ' + url + ': HTTP ' + answer.status), { status: answer.status });
      return answer.text().then(function (text) { return text ? JSON.parse(text) : null; });
    });
  }

  function get(url) { return request('GET', url); }

  /** Sends a change by hand; a failure is told in a toast. */
  function change(url, body) {
    return request('POST', url, body).catch(function (error) {
      window.APP.notifications.show_message_error({ header: 'Не сохранено', text: 'Попробуйте ещё раз' });
      console.error(error);
    }).then(refresh);
  }

  function from(template) {
    // importNode: jQuery cannot measure elements of the inert document that a template holds.
    return $(document.importNode(document.getElementById(template).content, true)).children().first();
  }

  function digits(phone) { return String(phone || '').replace(/\D/g, ''); }

  function prettyPhone(phone) {
    var match = /^[78](\d{3})(\d{3})(\d{2})(\d{2})$/.exec(digits(phone));
    return match ? '+7 ' + match[1] + ' ' + match[2] + '-' + match[3] + '-' + match[4] : String(phone || '');
  }

  function inZone(when, options) {
    var date = typeof when === 'number' ? new Date(when * 1000) : new Date(when);
    if (isNaN(date)) return '';
    return new Intl.DateTimeFormat('ru-RU', _.extend({ timeZone: state.account.timezone || 'Europe/Moscow' }, options)).format(date);
  }

  function clock(when) { return inZone(when, { hour: '2-digit', minute: '2-digit' }); }
  function day(when) { return inZone(when, { day: 'numeric', month: 'long' }); }

  function userName(id) {
    var found = _.findWhere(state.users, { id: Number(id) });
    return found ? found.name : id ? 'Пользователь ' + id : 'Не назначен';
  }

  function pipelineOf(lead) {
    return _.findWhere(state.pipelines, { name: lead.pipeline }) || _.first(state.pipelines) || { name: lead.pipeline };
  }

  function stagesOf(pipeline) {
    var raw = pipeline.statuses || (pipeline._embedded && pipeline._embedded.statuses) || pipeline.stages || [];
    return _.map(raw, function (stage, index) {
      var known = _.isString(stage) ? { name: stage } : stage;
      return {
        id: known.id,
        name: known.name,
        hidden: known.type === 1,
        final: known.id === WON || known.id === LOST,
        colour: known.color || FALLBACK_COLOURS[index % FALLBACK_COLOURS.length]
      };
    });
  }

  function stageColour(lead) {
    var stage = _.findWhere(stagesOf(pipelineOf(lead)), { name: lead.stage });
    return stage ? stage.colour : '#e0e0e0';
  }

  // jQuery 2 cannot set custom properties.
  function paint($element, colour) {
    $element[0].style.setProperty('--stage', colour);
    return $element;
  }

  /** Writes only what differs: an element that is looked at or in use is not touched. */
  function setText($element, text) {
    if ($element.text() !== text) $element.text(text);
  }

  function setChoices($select, choices, value) {
    var key = JSON.stringify(choices);
    if ($select.data('choices') !== key) {
      $select.data('choices', key).empty().append(_.map(choices, function (choice) {
        return $('<option></option>').val(choice[0]).text(choice[1]);
      }));
    }
    if (document.activeElement !== $select[0] || $select.data('value') !== value) {
      if ($select.val() !== value) $select.val(value);
    }
    $select.data('value', value);
  }

  // ── addresses and navigation ─────────────────────────────────────────────────────────────────

  function address(name, id) {
    var params = new URLSearchParams(location.search);
    if (name === 'settings') params.set('view', 'settings'); else params.delete('view');
    params.set('user', user);
    if (name === 'page') return '/settings/widgets/' + state.widget.code + '/?' + params;
    return (name === 'card' ? '/leads/detail/' + id : '/leads/list') + '?' + params;
  }

  function placeOf(url) {
    var detail = /^\/leads\/detail\/(\d+)/.exec(url.pathname);
    if (detail) return { name: 'card', id: Number(detail[1]) };
    if (url.pathname.startsWith('/settings/widgets/')) return { name: 'page' };
    return { name: url.searchParams.get('view') === 'settings' ? 'settings' : 'list' };
  }

  function link(name, id, text) {
    return $('<a></a>').attr({ href: address(name, id), 'data-nav': '' }).text(text);
  }

  function navigate(url) {
    history.pushState(null, '', url);
    visit();
  }

  /** Shows the place of the address bar; a later visit overtakes an earlier one that is still loading. */
  function visit() {
    var mine = (visits += 1);
    var place = placeOf(new URL(location.href));
    if (place.name !== 'card') return show(_.extend({}, state, { lead: null }), place.name);
    return get('/ajax/state/' + place.id + '?user=' + user).then(function (fresh) {
      if (mine === visits) show(fresh, 'card');
    }, function (error) {
      if (mine !== visits) return;
      console.error(error);
      show(_.extend({}, state, { lead: null }), 'list');
      window.APP.notifications.show_message_error({ header: 'Сделка не найдена', text: 'Возможно, её удалили' });
    });
  }

  var AREAS = { card: 'lcard', list: 'llist', settings: 'settings', page: 'advanced_settings' };

  function show(fresh, name) {
    state = fresh;
    $('body').attr('data-view', name);
    $('#modals').empty();
    $('#left_menu a').each(function () {
      $(this).attr({ href: address($(this).data('view')), 'data-nav': '' }).toggleClass('active', $(this).data('view') === ({ card: 'list', page: 'settings' }[name] || name));
    });
    setText($('#whoami'), state.user.name);
    $('#whoami').attr('data-letter', state.user.name.charAt(0));
    view = { card: cardView, list: listView, settings: settings.view, page: settings.page }[name](state, language);
    $('#work-area').empty().append(view.$root);
    $('#breadcrumbs').empty().append(view.crumbs());
    document.title = view.title();
    var entered = host.enter(AREAS[name], state, { lang: language, panel: query.get('panel') === '1' });
    if (view.entered) entered.then(view.entered);
    return view.update();
  }

  $(document).on('click', 'a[data-nav]', function (event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    navigate(this.href);
  });
  // A widget's own link to its page knows neither the user nor the theme, which real pages keep elsewhere.
  $(document).on('click', 'a[href^="/settings/widgets/"]', function (event) {
    event.preventDefault();
    navigate(address('page'));
  });
  window.addEventListener('popstate', visit);

  // ── the card ─────────────────────────────────────────────────────────────────────────────────

  function cardView(initial) {
    var $root = from('card-template');
    var lead = initial.lead;
    var feed = feedOf($root.find('.feed'), lead.id);
    var seen = '';

    function part(selector) { return $root.find(selector); }
    function edit(fields) { return change('/sandbox/deals/' + lead.id, _.extend({ by: 'user', user: user }, fields)); }

    function drawStages() {
      var stages = _.reject(stagesOf(pipelineOf(lead)), function (stage) { return stage.hidden; });
      var open = _.reject(stages, function (stage) { return stage.final; });
      var now = _.findIndex(open, function (stage) { return stage.name === lead.stage; });
      part('.stage-bar').empty().append(_.map(open, function (stage, index) {
        return paint($('<button type="button" class="stage-step"></button>'), stage.colour)
          .attr({ title: stage.name, 'aria-label': stage.name, 'aria-current': index === now ? 'step' : null })
          .toggleClass('passed', index <= now)
          .toggleClass('now', index === now)
          .on('click', function () { edit({ stage: stage.name }); });
      }));
      part('.stage-title').text(lead.stage);
      paint(part('.stage-now'), stageColour(lead));
      part('.stage-menu').empty().append(_.map(stages, function (stage) {
        return paint($('<li role="option" tabindex="0"></li>'), stage.colour)
          .attr('aria-selected', String(stage.name === lead.stage))
          .text(stage.name)
          .on('click keydown', function (event) {
            if (event.type === 'keydown' && event.key !== 'Enter') return;
            openStages(false);
            if (stage.name !== lead.stage) edit({ stage: stage.name });
          });
      }));
    }

    function openStages(open) {
      part('.stage-menu').prop('hidden', !open);
      part('.stage-now').attr('aria-expanded', String(open));
    }

    function drawContact() {
      var contact = lead.contact;
      part('.contact').prop('hidden', !contact);
      if (!contact) return;
      var name = contact.name || 'Без имени';
      setText(part('.contact-name'), name);
      setText(part('.contact-face'), name.charAt(0).toUpperCase());
      setText(part('.contact-phone'), contact.phone ? prettyPhone(contact.phone) : 'не указан');
    }

    function draw() {
      setText(part('.deal-name'), lead.name || 'Сделка #' + lead.id);
      setText(part('.deal-id'), '#' + lead.id);
      setText(part('.pipeline-name'), lead.pipeline || '');
      drawStages();
      setChoices(part('#f-responsible'), responsibleChoices(), String(lead.responsible || ''));
      setChoices(part('#f-owner'), ownerChoices(), lead.owner_field || '');
      setText(part('.f-closed'), lead.closed ? closedWord(lead.closed) : 'В работе');
      drawContact();
      drawTasks(part('.tasks'), lead.tasks || []);
      composer(part('.composer'), lead);
    }

    function responsibleChoices() {
      var users = _.filter(state.users, function (known) { return known.is_active !== false || known.id === lead.responsible; });
      var choices = _.map(users, function (known) { return [String(known.id), known.name]; });
      return lead.responsible ? choices : [['', 'Не назначен']].concat(choices);
    }

    function ownerChoices() {
      var names = _.union(OWNERS, [lead.owner_field || '']);
      return _.map(names, function (name) { return [name, name || 'Не выбрано']; });
    }

    part('#f-responsible').on('change', function () { edit({ responsible: Number(this.value) }); });
    part('#f-owner').on('change', function () { edit({ owner_field: this.value }); });
    part('.stage-now').on('click', function () { openStages(part('.stage-menu').prop('hidden')); });
    $root.on('click', function (event) {
      if (!$(event.target).closest('.pipeline').length) openStages(false);
    });
    part('.contact-phone').on('click', function () {
      if (lead.contact && lead.contact.phone) host.act('phone', { value: lead.contact.phone });
    });
    part('.composer').on('submit', function (event) {
      event.preventDefault();
      answer(part('.composer'), lead);
    });
    part('.composer textarea').on('keydown', function (event) {
      if (event.key === 'Enter' && !event.shiftKey) {
        event.preventDefault();
        part('.composer').trigger('submit');
      }
    });

    draw();

    return {
      $root: $root,
      title: function () { return lead.name || 'Сделка #' + lead.id; },
      crumbs: function () { return [link('list', null, 'Сделки'), $('<span></span>').text(lead.name || '#' + lead.id)]; },
      update: function () {
        var phone = lead.contact && digits(lead.contact.phone);
        return Promise.all([
          get('/sandbox/deals/' + lead.id),
          phone ? get('/sandbox/guests/' + phone + '/transcript').catch(emptyIfUnknown) : []
        ]).then(function (answers) {
          var print = JSON.stringify(answers[0]);
          if (print !== seen) {
            seen = print;
            lead = answers[0];
            draw();
            host.leadChanged(lead);
          }
          feed.draw(answers[1] || [], lead);
        });
      }
    };
  }

  function emptyIfUnknown(error) {
    if (error.status === 404) return [];
    throw error;
  }

  function closedWord(closed) {
    return { won: 'Успешно реализована', lost: 'Закрыта, не реализована', deleted: 'Удалена' }[closed] || 'Закрыта';
  }

  // ── tasks, the feed, the composer ────────────────────────────────────────────────────────────

  function drawTasks($tasks, tasks) {
    var open = _.reject(tasks, function (task) { return task.done; });
    var print = JSON.stringify(open);
    if ($tasks.data('print') === print) return;
    $tasks.data('print', print).empty().append(_.map(open, function (task) {
      var $task = $('<div class="task"></div>').attr('data-task', task.id);
      $('<input type="checkbox">').attr({ id: 'task-' + task.id, 'aria-label': 'Выполнить задачу' })
        .on('change', function () {
          $task.addClass('busy');
          change('/sandbox/tasks/' + task.id, { done: true, by: 'user', user: user });
        }).appendTo($task);
      var $text = $('<label class="task-text"></label>').attr('for', 'task-' + task.id).appendTo($task);
      $('<span class="task-meta"></span>').text(taskMeta(task)).appendTo($text);
      $('<b></b>').text(task.type ? task.type + ': ' : '').appendTo($text);
      $text.append(document.createTextNode(task.text || ''));
      return $task;
    }));
  }

  function taskMeta(task) {
    var due = task.due ? day(task.due) + ' ' + clock(task.due) : 'без срока';
    return due + ' для ' + userName(task.responsible);
  }

  /** The feed: messages in their order; a note or a finished task stands where it was first seen. */
  function feedOf($feed, leadId) {
    var $list = $feed.find('.feed-list');
    var store = 'feed:' + leadId;
    var places = JSON.parse(sessionStorage.getItem(store) || '{}'); // note or task → messages before it
    var drawn = {};
    var first = true;
    var atEnd = true; // follows the newest row until the reader scrolls up
    var before = 0;

    function follow() { if (atEnd) $feed[0].scrollTop = $feed[0].scrollHeight; }

    $feed.on('scroll', function () {
      // Rows that wrap anew move the end away too, so only a move upwards counts as the reader's.
      if (this.scrollHeight - this.scrollTop - this.clientHeight < 40) atEnd = true;
      else if (this.scrollTop < before) atEnd = false;
      before = this.scrollTop;
    });
    new ResizeObserver(follow).observe($feed[0]);

    function placeOfExtra(key, messages) {
      if (places[key] === undefined) places[key] = first ? 0 : messages;
      return places[key];
    }

    function extras(lead, messages) {
      var notes = _.map(lead.notes || [], function (note, index) {
        return { key: 'note-' + index, kind: 'note', text: _.isString(note) ? note : note.text };
      });
      var tasks = _.map(_.where(lead.tasks || [], { done: true }), function (task) {
        return { key: 'task-' + task.id, kind: 'done', text: (task.type ? task.type + ': ' : '') + (task.text || '') };
      });
      return _.groupBy(notes.concat(tasks), function (extra) { return placeOfExtra(extra.key, messages); });
    }

    function rows(transcript, lead) {
      var between = extras(lead, transcript.length);
      var lastDay = '';
      var result = _.clone(between[0] || []);
      _.each(transcript, function (message, index) {
        var today = day(message.at);
        if (today !== lastDay) result.push({ key: 'day-' + today, kind: 'day', text: today });
        lastDay = today;
        result.push(_.extend({ key: 'message-' + message.id, kind: 'message' }, message));
        Array.prototype.push.apply(result, between[index + 1] || []);
      });
      return result;
    }

    function draw(transcript, lead) {
      var wanted = rows(transcript, lead);
      var changed = false;
      _.each(wanted, function (row, index) {
        var print = JSON.stringify(row);
        var known = drawn[row.key];
        if (!known || known.print !== print) {
          var $fresh = rowElement(row, lead).toggleClass('fresh', !first);
          if (known) known.$element.replaceWith($fresh);
          known = drawn[row.key] = { print: print, $element: $fresh };
          changed = true;
        }
        if ($list[0].childNodes[index] !== known.$element[0]) {
          $list[0].insertBefore(known.$element[0], $list[0].childNodes[index] || null);
        }
      });
      _.each(_.omit(drawn, _.pluck(wanted, 'key')), function (gone, key) {
        gone.$element.remove();
        delete drawn[key];
      });
      if (changed) follow();
      $feed.toggleClass('is-empty', wanted.length === 0);
      sessionStorage.setItem(store, JSON.stringify(places));
      first = false;
    }

    return { draw: draw };
  }

  function rowElement(row, lead) {
    if (row.kind === 'day') return $('<div class="feed-day"></div>').text(row.text);
    if (row.kind === 'note') return $('<div class="feed-note"></div>').append('<span class="feed-mark">Примечание</span>').append(document.createTextNode(row.text));
    if (row.kind === 'done') return $('<div class="feed-done"></div>').append('<span class="feed-mark">Задача выполнена</span>').append(document.createTextNode(row.text));
    var $message = $('<div class="feed-message"></div>').addClass(row.from === 'guest' ? 'income' : 'outgoing').attr('data-from', row.from);
    var $head = $('<div class="feed-who"></div>').text(sender(row, lead)).appendTo($message);
    $('<span></span>').text(clock(row.at)).appendTo($head);
    $('<div class="feed-text"></div>').text(row.text || 'Вложение').toggleClass('attachment', !row.text).appendTo($message);
    return $message;
  }

  function sender(row, lead) {
    if (row.from === 'guest') return (lead.contact && lead.contact.name) || 'Гость';
    return { bot: 'Бот', manager: 'Менеджер', robot: 'Робот amoCRM', bulk: 'Рассылка' }[row.from] || 'Исходящее';
  }

  function composer($composer, lead) {
    var contact = lead.contact;
    setText($composer.find('.composer-to'), contact && contact.phone
      ? 'WhatsApp: ' + (contact.name || prettyPhone(contact.phone))
      : 'У контакта нет телефона');
    $composer.find('textarea').attr('placeholder', 'Ответить гостю от имени: ' + state.user.name).prop('disabled', !(contact && contact.phone));
  }

  function answer($composer, lead) {
    var $text = $composer.find('textarea');
    var text = $text.val().trim();
    var $button = $composer.find('button');
    if (!text || $button.prop('disabled')) return;
    $button.prop('disabled', true);
    request('POST', '/sandbox/managers/' + user + '/messages', { phone: digits(lead.contact.phone), text: text, via: 'amocrm' })
      .then(function () {
        $text.val('');
        return refresh();
      }, function (error) {
        console.error(error);
        window.APP.notifications.show_message_error({ header: 'Сообщение не отправлено', text: 'Текст остался в поле, попробуйте ещё раз' });
      })
      .then(function () { $button.prop('disabled', false); });
  }

  // ── the list ─────────────────────────────────────────────────────────────────────────────────

  function listView() {
    var $root = from('list-template');
    var seen = '';

    function draw(deals) {
      setText($root.find('.list-count'), deals.length ? String(deals.length) : '');
      $root.find('table').toggle(deals.length > 0);
      $root.find('.list-empty').prop('hidden', deals.length > 0);
      $root.find('tbody').empty().append(_.map(deals, function (deal) {
        var $row = $('<tr></tr>');
        $('<td></td>').append(link('card', deal.id, deal.name || 'Сделка #' + deal.id)).appendTo($row);
        $('<td></td>').text((deal.contact && (deal.contact.name || prettyPhone(deal.contact.phone))) || '').appendTo($row);
        $('<td></td>').append(deal.stage ? paint($('<span class="stage-chip"></span>'), stageColour(deal)).text(deal.stage) : '').appendTo($row);
        $('<td></td>').text(deal.owner_field || '').appendTo($row);
        $('<td></td>').text(deal.responsible ? userName(deal.responsible) : '').appendTo($row);
        return $row;
      }));
    }

    draw(state.deals || []);
    return {
      $root: $root,
      title: function () { return 'Сделки'; },
      crumbs: function () { return [$('<span></span>').text('Сделки')]; },
      update: function () {
        return get('/sandbox/deals').then(function (deals) {
          var newestFirst = _.sortBy(deals, function (deal) { return -deal.id; });
          var print = JSON.stringify(newestFirst);
          if (print === seen) return;
          seen = print;
          draw(newestFirst);
        });
      }
    };
  }

  // ── the beat ─────────────────────────────────────────────────────────────────────────────────

  function refresh() {
    var shown = view;
    return Promise.resolve(shown.update()).then(function () { $('body').removeClass('is-offline'); }, function (error) {
      if (shown !== view) return;
      console.debug(error);
      $('body').addClass('is-offline');
    });
  }

  function beat() {
    var again = function () { setTimeout(beat, POLL_MS); };
    if (document.hidden) again(); else refresh().then(again);
  }

  show(state, placeOf(new URL(location.href)).name);
  setTimeout(beat, POLL_MS);
});
