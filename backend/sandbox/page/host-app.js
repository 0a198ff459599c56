/*
 * The global `APP` (and its old alias `AMOCRM`) as widgets see it, the toasts included.
 * Module: returns { show(state), patchLead(lead) }.
 */
define('amocrm/app', ['jquery', 'underscore'], function ($, _) {
  'use strict';

  var TOAST_MS = 8000;
  var LEAD_TYPE = 2;
  var constants = {};

  /** The few Backbone.Model methods that widgets use on `current_card.model`. */
  function Model(attributes) {
    this.attributes = _.extend({}, attributes);
    this.handlers = {};
  }

  _.extend(Model.prototype, {
    get: function (key) {
      return this.attributes[key];
    },
    has: function (key) {
      return this.attributes[key] !== undefined && this.attributes[key] !== null;
    },
    toJSON: function () {
      return _.clone(this.attributes);
    },
    on: function (names, handler, context) {
      _.each(names.split(/\s+/), function (name) {
        (this.handlers[name] = this.handlers[name] || []).push({ call: handler, context: context || this });
      }, this);
      return this;
    },
    off: function (names, handler) {
      _.each(names ? names.split(/\s+/) : _.keys(this.handlers), function (name) {
        this.handlers[name] = _.reject(this.handlers[name] || [], function (known) {
          return !handler || known.call === handler;
        });
      }, this);
      return this;
    },
    trigger: function (name) {
      var rest = _.rest(arguments);
      _.each(this.handlers[name] || [], function (handler) {
        handler.call.apply(handler.context, rest);
      });
      return this;
    },
    /** Sets one attribute or several; fires `change:<key>` for each that differs, then one `change`. */
    set: function (key, value) {
      var values = _.isObject(key) ? key : _.object([[key, value]]);
      var changed = _.filter(_.keys(values), function (name) {
        return this.attributes[name] !== values[name];
      }, this);
      _.extend(this.attributes, values);
      _.each(changed, function (name) {
        this.trigger('change:' + name, this, values[name]);
      }, this);
      if (changed.length) this.trigger('change', this);
      return this;
    }
  });

  function stagesOf(pipeline) {
    return pipeline.statuses || (pipeline._embedded && pipeline._embedded.statuses) || [];
  }

  function leadAttributes(lead) {
    var pipeline = _.findWhere(constants.pipelines, { name: lead.pipeline });
    var stage = pipeline && _.findWhere(stagesOf(pipeline), { name: lead.stage });
    return {
      'lead[NAME]': lead.name,
      'lead[PIPELINE_ID]': pipeline ? String(pipeline.id) : '',
      'lead[STATUS]': stage ? String(stage.id) : '',
      'lead[MAIN_USER]': String(lead.responsible || '')
    };
  }

  function cardOf(lead) {
    return {
      id: lead.id,
      main_user: lead.responsible,
      element_type: LEAD_TYPE,
      model: new Model(leadAttributes(lead))
    };
  }

  function fillConstants(state) {
    constants.pipelines = state.pipelines || [];
    constants.user = { id: state.user.id, name: state.user.name, login: 'user' + state.user.id + '@example.org' };
    constants.user_rights = { is_admin: Boolean(state.user.is_admin), is_free_user: false };
    constants.account = _.extend({ language: 'ru', country: 'RU', top_level_domain: 'ru', currency: 'RUB' }, state.account);
    constants.groups = { group_0: 'Отдел продаж' };
    constants.task_types = {
      1: { id: 1, code: 'FOLLOW_UP', option: 'Связаться' },
      2: { id: 2, code: 'MEETING', option: 'Встреча' }
    };
    constants.managers = {};
    _.each(state.users, function (user) {
      constants.managers[user.id] = {
        id: String(user.id),
        title: user.name,
        option: user.name,
        login: 'user' + user.id + '@example.org',
        group: 'group_0',
        is_admin: user.is_admin ? 'Y' : 'N',
        active: user.is_active !== false,
        free_user: 'N'
      };
    });
  }

  function toast(kind, message) {
    var $toast = $('<div class="toast" role="status"></div>').addClass('toast_' + kind);
    $('<div class="toast__header"></div>').text(message.header || '').appendTo($toast);
    $('<div class="toast__text"></div>').text(message.text || '').appendTo($toast);
    $('<button class="toast__close" type="button" aria-label="Закрыть">×</button>')
      .on('click', function () { $toast.remove(); })
      .appendTo($toast);
    $('#toasts').append($toast);
    setTimeout(function () { $toast.remove(); }, TOAST_MS);
  }

  function asMessage(message) {
    return _.isString(message) ? { header: '', text: message } : message || {};
  }

  var APP = {
    lang_id: 'ru',
    data: { current_card: false, current_entity: 'leads' },
    isCard: function () { return Boolean(APP.data.current_card); },
    getBaseEntity: function () { return 'leads'; },
    getWidgetsArea: function () { return APP.isCard() ? 'leads_card' : 'leads'; },
    constant: function (name) { return constants[name]; },
    notifications: {
      show_message: function (message) { toast('info', asMessage(message)); },
      show_message_error: function (message) { toast('error', asMessage(message)); }
    }
  };

  window.APP = APP;
  window.AMOCRM = APP;

  return {
    APP: APP,

    /** Puts a page state (card or list) behind the global. */
    show: function (state, lang) {
      fillConstants(state);
      APP.lang_id = lang;
      APP.data.current_card = state.lead ? cardOf(state.lead) : false;
    },

    /** The deal changed on the server while its card is open. */
    patchLead: function (lead) {
      var card = APP.data.current_card;
      if (!card || card.id !== lead.id) return;
      card.main_user = lead.responsible;
      card.model.set(leadAttributes(lead));
    }
  };
});
