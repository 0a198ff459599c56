/*
 * The `Widget` base whose methods every widget inherits, and which carries its identity.
 * Module: returns bind(definition, page) -> the prototype for that widget.
 *   definition {code, path, version, client_uuid, install_status}
 *   page       {area(), user(), subscribe(channel, keys, handler)}
 */
define('amocrm/widget', ['jquery', 'underscore', 'twigjs', 'amocrm/panel', 'amocrm/controls'], function ($, _, Twig, panel, controls) {
  'use strict';

  var CRM_POST_GAP_MS = 1000;
  var crmPostFreeAt = 0;

  function byDots(tree, key) {
    return _.reduce(String(key).split('.'), function (node, part) {
      return node === undefined || node === null ? undefined : node[part];
    }, tree);
  }

  function compile(source) {
    return Twig.twig({ data: source });
  }

  /** Loads a template file; resolves to a compiled twig template. */
  function load(options, params) {
    var url = (options.base_path || '') + options.href + (options.v ? '?v=' + encodeURIComponent(options.v) : '');
    return $.ajax({ url: url, dataType: 'text' }).then(function (source) {
      var template = compile(source);
      if (_.isFunction(options.load)) options.load(template, params);
      return template;
    });
  }

  function namesOf(contact) {
    var words = String(contact.name || '').split(' ');
    return { first_name: words[0] || '', last_name: _.rest(words).join(' ') };
  }

  return function bind(definition, page) {
    function tokenUrl() {
      return '/ajax/v2/integrations/' + definition.client_uuid + '/disposable_token?user=' + page.user();
    }

    return {
      ns: '.widget:' + definition.code,
      params: {},
      langs: {},

      system: function () {
        var account = window.APP.constant('account');
        return {
          area: page.area(),
          amouser_id: String(page.user()),
          amouser: window.APP.constant('user').login,
          amohash: '',
          subdomain: account.subdomain,
          domain: window.location.host,
          server: window.location.protocol + '//' + window.location.host
        };
      },

      get_settings: function () { return this.params; },
      set_settings: function (settings) { this.params = _.extend({}, this.params, settings); },
      set_lang: function (langs) { this.langs = langs; },
      get_lang: function (key) { return key === undefined ? this.langs : byDots(this.langs, key); },
      get_version: function () { return this.params.version; },
      get_install_status: function () { return definition.install_status || 'installed'; },

      i18n: function (key) {
        var found = byDots(this.langs, key);
        return found === undefined ? key : found;
      },

      render: function (options, params) {
        if (options.ref) return compile(controls[options.ref] || '').render(params || {});
        if (options.href) {
          var loading = load(options, params);
          return options.promised ? loading : undefined;
        }
        return compile(String(options.data || '')).render(params || {});
      },

      render_template: function (template, params) {
        var rendered = template.render ? this.render({ data: template.render }, params) : '';
        return panel.addBlock(this, template.caption || {}, (template.body || '') + rendered);
      },

      $authorizedAjax: function (options) {
        return $.ajax({ url: tokenUrl(), dataType: 'json', cache: false }).then(
          function (answer) {
            return $.ajax(_.extend({}, options, {
              headers: _.extend({}, options.headers, { 'X-Auth-Token': answer.token })
            }));
          },
          function (xhr, status, error) {
            if (_.isFunction(options.error)) options.error(xhr, status, error);
            return $.Deferred().reject(xhr, status, error);
          }
        );
      },

      // amoCRM sends this through a proxy of its own, one call a second; here only the pace is imitated.
      crm_post: function (url, data, done, type, failed) {
        var wait = Math.max(0, crmPostFreeAt - Date.now());
        crmPostFreeAt = Date.now() + wait + CRM_POST_GAP_MS;
        setTimeout(function () {
          $.ajax({ url: url, type: 'POST', data: data, dataType: type || 'json' }).then(done || $.noop, failed || $.noop);
        }, wait);
      },

      list_selected: function () { return { selected: [], summary: { items: 0 } }; },
      widgetsOverlay: function (on) { panel.overlay(on); },
      add_action: function (kind, handler) { page.action(kind, handler); },
      add_source: function () {},
      listenSocketChannel: function (channel, keys, handler) { return page.subscribe(channel, keys, handler); },
      get_accounts_current: function () { return $.Deferred().resolve(window.APP.constant('account')).promise(); },

      get_current_card_contacts_data: function () {
        var contact = page.contact();
        if (!contact) return Promise.resolve([]);
        return Promise.resolve([_.extend({
          id: contact.id,
          name: contact.name,
          phones: contact.phone ? [contact.phone] : [],
          emails: []
        }, namesOf(contact))]);
      }
    };
  };
});

/* The native controls that a widget may ask for by `ref`, in their simplest form. */
define('amocrm/controls', {
  '/tmpl/controls/button.twig':
    '<button type="button" class="button-input {% if blue %}button-input_blue{% endif %} {{ class_name }}" name="{{ name }}" id="{{ id }}">{{ text }}</button>',
  '/tmpl/controls/input.twig':
    '<input class="text-input {{ class_name }}" type="{{ type|default("text") }}" name="{{ name }}" id="{{ id }}" value="{{ value }}" placeholder="{{ placeholder }}">',
  '/tmpl/controls/textarea.twig':
    '<textarea class="text-input text-input-textarea {{ class_name }}" name="{{ name }}" id="{{ id }}" placeholder="{{ placeholder }}">{{ value }}</textarea>',
  '/tmpl/controls/checkbox.twig':
    '<label class="control-checkbox {{ class_name }}"><input type="checkbox" class="{{ input_class_name }}" name="{{ name }}" id="{{ id }}" value="{{ value }}" {% if checked %}checked{% endif %}> {{ text }}</label>',
  '/tmpl/controls/select.twig':
    '<select class="control--select {{ class_name }}" name="{{ name }}" id="{{ id }}">{% for item in items %}<option value="{{ item.id }}" {% if item.id == selected %}selected{% endif %}>{{ item.option }}</option>{% endfor %}</select>'
});
