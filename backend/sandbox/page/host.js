/*
 * Imitation of amoCRM's core for widgets: the loader and the life of a widget on a page.
 *
 *   enter(area) ─▶ destroy what is there ─▶ list of widgets for the area ─▶ require(script.js, i18n)
 *               ─▶ new Ctor() ─▶ set_lang ─▶ set_settings ─▶ render() ─▶ bind_actions() at once
 *               ─▶ render truthy (or resolved) ─▶ `widget:<code>:loaded` ─▶ init()
 *
 * Module code runs once per page load (RequireJS keeps it), the constructor at every area entry.
 * Module `amocrm/host`: returns { enter, leadChanged, act, call, manifestOf, live }.
 */
requirejs.config({
  baseUrl: '/',
  waitSeconds: 20,
  paths: {
    jquery: '/npm/jquery/dist/jquery.min',
    underscore: '/npm/underscore/underscore-min',
    twigjs: '/npm/twig/twig.min',
    'amocrm/app': '/page/host-app',
    'amocrm/panel': '/page/host-panel',
    'amocrm/widget': '/page/host-widget',
    'amocrm/settings': '/page/host-settings'
  }
});

// The loader plugins that amoCRM's pages have and widgets rely on.
define('text', {
  load: function (name, req, done) {
    fetch(req.toUrl(name)).then(function (answer) {
      if (!answer.ok) throw new Error(name + ': HTTP ' + answer.status);
      return answer.text();
    }).then(done, done.error);
  }
});
define('json', {
  load: function (name, req, done) {
    req(['text!' + name], function (text) {
      try { done(JSON.parse(text)); } catch (error) { done.error(error); }
    }, done.error);
  }
});
define('css', {
  load: function (name, req, done) {
    var link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = req.toUrl(name.replace(/(\.css)?$/, '.css'));
    link.onload = function () { done(link); };
    link.onerror = function () { done.error(new Error(name)); };
    document.head.appendChild(link);
  }
});

define('amocrm/host', ['jquery', 'underscore', 'amocrm/app', 'amocrm/panel', 'amocrm/widget'], function ($, _, app, panel, bind) {
  'use strict';

  var REQUIRED = ['init', 'bind_actions', 'render'];
  var WITH_PANEL = ['lcard', 'llist'];
  var live = {};       // widget code → {widget, definition}
  var manifests = {};  // script path → promise of the manifest
  var actions = {};    // add_action: kind → handler
  var sockets = [];    // listenSocketChannel
  var current = { area: null, state: null };
  var generation = 0;

  var page = {
    area: function () { return current.area; },
    user: function () { return current.state.user.id; },
    contact: function () { return current.state.lead && current.state.lead.contact; },
    action: function (kind, handler) { actions[kind] = handler; },
    subscribe: function (channel, keys, handler) {
      var subscription = { channel: channel, handler: handler };
      sockets.push(subscription);
      return function () { sockets = _.without(sockets, subscription); };
    }
  };

  function failed(definition, what, error) {
    console.error('[amoCRM] widget ' + definition.code + ': ' + what, error);
  }

  /** Runs one callback; an exception is logged and other widgets go on. */
  function callback(entry, name, args) {
    var known = entry.widget.callbacks[name];
    if (!_.isFunction(known)) return undefined;
    try {
      return known.apply(entry.widget, args || []);
    } catch (error) {
      failed(entry.definition, name + '() threw', error);
      return undefined;
    }
  }

  function manifestOf(definition) {
    var url = definition.path + '/manifest.json?v=' + encodeURIComponent(definition.version);
    manifests[url] = manifests[url] || fetch(url).then(function (answer) {
      if (!answer.ok) throw new Error('manifest.json: HTTP ' + answer.status);
      return answer.json();
    });
    return manifests[url];
  }

  /** `lcard-1` → uses the panel, `lcard-0` → does not; no suffix counts as 1, `everywhere` as 0. */
  function placeIn(manifest, area) {
    var found = _.find(manifest.locations || [], function (location) {
      return location.replace(/-[01]$/, '') === area || location === 'everywhere';
    });
    if (found) return { panel: _.contains(WITH_PANEL, area) && found !== 'everywhere' && !/-0$/.test(found) };
    return manifest.widget.init_once ? { panel: false } : null;
  }

  function language(manifest) {
    var locale = manifest.widget.locale || ['ru'];
    return _.contains(locale, window.APP.lang_id) ? window.APP.lang_id : locale[0];
  }

  /** Loads the module and its words; resolves to [Ctor, i18n]. */
  function load(definition, manifest) {
    var v = '?v=' + encodeURIComponent(definition.version);
    var script = definition.path + '/script.js' + v;
    var words = 'json!' + definition.path + '/i18n/' + language(manifest) + '.json' + v;
    return new Promise(function (resolve, reject) {
      requirejs([script, words], function (Ctor, langs) { resolve([Ctor, langs]); }, function (error) {
        _.each(error.requireModules || [], requirejs.undef); // so that the next area may try again
        reject(error);
      });
    });
  }

  function settingsOf(definition) {
    return _.extend({}, definition.settings, {
      id: definition.id || 1,
      widget_code: definition.code,
      path: definition.path,
      images_path: definition.path + '/images',
      version: definition.version,
      status: 'installed',
      widget_active: 'Y',
      active: 'Y',
      oauth_client_uuid: definition.client_uuid
    });
  }

  function construct(definition, Ctor, langs) {
    if (!_.isFunction(Ctor)) throw new Error('script.js returns no constructor');
    // The base comes between the constructor's own prototype and Object: its methods are there during `new`.
    if (!Ctor.prototype.render_template) Object.setPrototypeOf(Ctor.prototype, bind(definition, page));
    var widget = new Ctor();
    widget.set_lang(langs);
    widget.set_settings(settingsOf(definition));
    return widget;
  }

  function complete(widget) {
    return _.every(REQUIRED, function (name) {
      return widget.callbacks && _.isFunction(widget.callbacks[name]);
    });
  }

  /** render(), bind_actions() without waiting for it, init() once render has said yes. */
  function begin(entry) {
    var rendered = callback(entry, 'render');
    callback(entry, 'bind_actions');
    return whenTruthy(entry, rendered).then(function (yes) {
      if (!yes || live[entry.definition.code] !== entry) return;
      $(document).trigger('widget:' + entry.definition.code + ':loaded');
      callback(entry, 'init');
    });
  }

  function whenTruthy(entry, rendered) {
    if (!rendered || !_.isFunction(rendered.then)) return Promise.resolve(Boolean(rendered));
    return Promise.resolve(rendered).then(function () { return true; }, function (error) {
      failed(entry.definition, 'render() was rejected', error);
      return false;
    });
  }

  function start(definition, manifest, mine) {
    var survivor = live[definition.code];
    if (survivor) return Promise.resolve(callback(survivor, 'render'));
    return load(definition, manifest).then(function (loaded) {
      if (mine !== generation) return undefined;
      var widget = construct(definition, loaded[0], loaded[1]);
      if (!complete(widget)) throw new Error('init, bind_actions and render must all be functions');
      var entry = { widget: widget, definition: definition, once: Boolean(manifest.widget.init_once) };
      live[definition.code] = entry;
      return begin(entry);
    }).catch(function (error) { failed(definition, 'dropped', error); });
  }

  function end(entry) {
    callback(entry, 'destroy');
    $(document).off(entry.widget.ns);
    panel.removeBlock(entry.definition.code);
    delete live[entry.definition.code];
  }

  function destroyAll() {
    generation += 1;
    _.each(_.values(live), function (entry) { if (!entry.once) end(entry); });
    actions = {};
  }

  function widgetsOf(state) {
    return _.compact(_.flatten([state.widgets || state.widget]));
  }

  /** The widgets that belong to the area, each with its manifest and its use of the panel. */
  function listFor(state, area) {
    return Promise.all(_.map(widgetsOf(state), function (definition) {
      return manifestOf(definition).then(function (manifest) {
        var place = placeIn(manifest, area);
        return place && { definition: definition, manifest: manifest, panel: place.panel };
      }, function (error) { failed(definition, 'is not listed', error); });
    })).then(_.compact);
  }

  return {
    /**
     * The page now shows `area` (lcard, llist, settings). Resolves when every widget of it was started.
     * options {lang, panel: open it whatever was remembered}
     */
    enter: function (area, state, options) {
      destroyAll();
      var mine = generation;
      current = { area: area, state: state };
      app.show(state, options.lang);
      $(document).trigger('page:changed');
      return listFor(state, area).then(function (list) {
        if (mine !== generation) return undefined;
        panel.prepare(_.some(list, function (item) { return item.panel; }), options.panel);
        return Promise.all(_.map(list, function (item) {
          return start(item.definition, item.manifest, mine);
        }));
      });
    },

    /** The deal on the open card changed: the model follows, and socket listeners hear of it. */
    leadChanged: function (lead) {
      if (!current.state || !current.state.lead || current.state.lead.id !== lead.id) return;
      current.state.lead = lead;
      app.patchLead(lead);
      _.each(sockets, function (subscription) {
        if (subscription.channel === 'leads:card:' + lead.id) subscription.handler({ id: lead.id });
      });
    },

    /** A click on a phone number or the like: the widget that added the action gets it. */
    act: function (kind, data) {
      if (actions[kind]) actions[kind](data);
    },

    /** Runs a callback of the first live widget, e.g. `settings` or `onSave`. */
    call: function (name, args) {
      var entry = _.first(_.values(live));
      return entry ? callback(entry, name, args) : undefined;
    },

    manifestOf: manifestOf,

    /** Codes of the widgets that live now; for tests. */
    live: function () { return _.keys(live); }
  };
});
