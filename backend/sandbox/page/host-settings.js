/*
 * The page «Интеграции» with the settings window of a widget: area `settings`,
 * callback settings($body, context), then onSave({active, fields}) on «Сохранить».
 * And the page of a widget's own settings: area `advanced_settings`, callback advancedSettings(), which draws into
 * `#list_page_holder`.
 */
define('amocrm/settings', ['jquery', 'underscore', 'amocrm/host'], function ($, _, host) {
  'use strict';

  function tile(definition, open) {
    var $tile = $('<button type="button" class="integration"></button>').on('click', open);
    $('<img alt="">').attr('src', definition.path + '/images/logo_small.png?v=' + definition.version).appendTo($tile);
    $('<b></b>').text('Эстафета').appendTo($tile);
    $('<span></span>').text('Установлена, версия ' + definition.version).appendTo($tile);
    return $tile;
  }

  /** The fields of the manifest's `settings`, drawn as amoCRM draws them: a custom one is a hidden input. */
  function fieldsOf(definition, manifest) {
    return _.map(manifest.settings || {}, function (field, code) {
      var id = definition.code + '_' + (field.type === 'custom' ? code : code + '_field');
      var $row = $('<div class="widget_settings_block__item_field"></div>');
      if (field.type === 'custom') {
        $('<div></div>').attr('id', definition.code + '_custom_content').appendTo($row);
        $('<input type="hidden">').attr({ id: definition.code + '_custom', name: code }).appendTo($row);
        return $row;
      }
      $('<label></label>').attr('for', id).text(code).appendTo($row);
      $('<input class="text-input">').attr({ id: id, name: code, type: field.type === 'pass' ? 'password' : 'text' }).appendTo($row);
      return $row;
    });
  }

  function openModal(definition) {
    return host.manifestOf(definition).then(function (manifest) {
      var $modal = $('<div class="modal modal-list widget-settings__modal"></div>').addClass(definition.code);
      var $window = $('<div class="modal-body modal-body-relative" role="dialog" aria-modal="true"></div>').appendTo($modal);
      var $side = $('<div class="widget-settings__side"></div>').appendTo($window);
      $('<img alt="">').attr('src', definition.path + '/images/logo_main.png?v=' + definition.version).appendTo($side);
      var $body = $('<div class="widget_settings_block"></div>').append(fieldsOf(definition, manifest)).appendTo($window);
      var $save = $('<button type="button" class="button-input button-input_blue js-widget-save">Сохранить</button>');
      var $close = $('<button type="button" class="button-input">Закрыть</button>').on('click', function () { $modal.remove(); });
      $('<div class="widget_settings_block__controls"></div>').append($save, $close).appendTo($body);
      $save.on('click', function () { save($body, $save); });
      $('#modals').empty().append($modal);
      host.call('settings', [$body, {}]);
    });
  }

  function save($body, $save) {
    var fields = _.object(_.map($body.find('input[name]').get(), function (input) { return [input.name, input.value]; }));
    $save.prop('disabled', true);
    Promise.resolve(host.call('onSave', [{ active: 'Y', fields: fields }])).then(function (ok) {
      if (ok) window.APP.notifications.show_message({ header: 'Интеграция', text: 'Настройки сохранены' });
      else window.APP.notifications.show_message_error({ header: 'Интеграция', text: 'Настройки не сохранены' });
    }, function (error) {
      console.error(error);
      window.APP.notifications.show_message_error({ header: 'Интеграция', text: 'Настройки не сохранены' });
    }).then(function () { $save.prop('disabled', false); });
  }

  return {
    page: function (state) {
      var definition = _.first(_.compact(_.flatten([state.widgets || state.widget])));
      return {
        $root: $('<div id="list_page_holder" class="own-settings"></div>'),
        title: function () { return 'Настройки: Эстафета'; },
        crumbs: function () { return [$('<span></span>').text('Настройки'), $('<span></span>').text('Эстафета')]; },
        update: function () { return Promise.resolve(); },
        // A widget is asked only where its manifest names the area.
        entered: function () { if (definition) host.call('advancedSettings'); }
      };
    },
    view: function (state) {
      var definitions = _.compact(_.flatten([state.widgets || state.widget]));
      var $root = $('<div class="integrations"><h1>Интеграции</h1></div>');
      $root.append(_.map(definitions, function (definition) {
        return tile(definition, function () { openModal(definition); });
      }));
      return {
        $root: $root,
        title: function () { return 'Интеграции'; },
        crumbs: function () { return [$('<span></span>').text('Интеграции')]; },
        update: function () { return Promise.resolve(); },
        // The window opens by itself, so that an address leads straight to the settings.
        entered: function () { if (definitions.length) openModal(definitions[0]); }
      };
    }
  };
});
