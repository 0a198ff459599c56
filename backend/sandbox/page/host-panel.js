/*
 * The right panel: `#widgets_block.card-widgets`, 65 px collapsed, 265 px open.
 * Opening the panel opens the first widget only; others open by a click on their caption.
 */
define('amocrm/panel', ['jquery'], function ($) {
  'use strict';

  var OPEN = 'js-widgets-active';
  var BODY_OPEN = 'js-body-hide'; // amoCRM's own name: the class is there while the body is *shown*
  var MONTH_S = 30 * 24 * 3600;

  function $panel() { return $('#widgets_block'); }
  function $blocks() { return $panel().find('.card-widgets__widget'); }
  function $body($block) { return $block.children('.card-widgets__widget__body'); }
  function isOpen() { return $panel().hasClass(OPEN); }

  function cookieName() { return 'widgets_panel_' + window.APP.getBaseEntity(); }

  function remembered() {
    return document.cookie.split('; ').indexOf(cookieName() + '=1') !== -1;
  }

  function remember(open) {
    document.cookie = cookieName() + '=' + (open ? 1 : 0) + '; path=/; max-age=' + MONTH_S;
  }

  function showBody($block, shown) {
    $body($block).toggleClass(BODY_OPEN, shown);
    $block.find('.card-widgets__widget__caption').attr('aria-expanded', String(shown));
  }

  function openFirst() {
    if ($panel().find('.' + BODY_OPEN).length === 0) showBody($blocks().first(), true);
  }

  function setOpen(open) {
    $panel().toggleClass(OPEN, open);
    $('body').toggleClass('widgets-open', open);
    $('#widgets_toggle').attr({ 'aria-expanded': String(open), title: open ? 'Свернуть панель' : 'Развернуть панель' });
    if (open) openFirst();
  }

  function toggle() {
    var open = !isOpen();
    remember(open);
    setOpen(open);
  }

  function openWidget(code) {
    var $block = $blocks().filter(function () { return $(this).attr('data-code') === code; });
    setOpen(true);
    if ($block.length) showBody($block, true);
  }

  function clickCaption() {
    var $block = $(this).closest('.card-widgets__widget');
    if (!isOpen()) {
      remember(true);
      setOpen(true);
      showBody($block, true);
      return;
    }
    showBody($block, !$body($block).hasClass(BODY_OPEN));
  }

  $(document)
    .on('click.core-panel', '#widgets_toggle', toggle)
    .on('click.core-panel', '#widgets_block .card-widgets__widget__caption', clickCaption)
    .on('keydown.core-panel', '#widgets_block .card-widgets__widget__caption', function (event) {
      if (event.target === this && (event.key === 'Enter' || event.key === ' ')) {
        event.preventDefault();
        clickCaption.call(this);
      }
    })
    .on('toggleWidgetPanel.core-panel', toggle)
    .on('widgets-in-card:show.core-panel', function (event, code) { openWidget(code); });

  function logo(className, url) {
    return $('<span></span>').addClass(className).append($('<img alt="">').attr('src', url));
  }

  return {
    /** Shows the panel if a widget of this area uses it; `forced` = open whatever was remembered. */
    prepare: function (used, forced) {
      $('body').toggleClass('widgets-used', used);
      $panel().prop('hidden', !used);
      setOpen(used && (forced || remembered()));
    },

    /** The block of a widget, as `render_template` makes it. `html` goes into the body. */
    addBlock: function (widget, caption, html) {
      var params = widget.params;
      var $block = $('<div class="card-widgets__widget"></div>')
        .addClass('card-widgets__widget-' + params.widget_code)
        .attr({ 'data-code': params.widget_code, id: params.widget_code });
      $('<div class="card-widgets__widget__caption" role="button" tabindex="0" aria-expanded="false"></div>')
        .addClass(caption.class_name || '')
        .append(logo('card-widgets__widget__caption__logo', params.images_path + '/logo_medium.png?v=' + params.version))
        .append(logo('card-widgets__widget__caption__logo_min', params.images_path + '/logo_min.png?v=' + params.version))
        .append(caption.html || '')
        .append('<span class="card-widgets__widget__caption__arrow"></span>')
        .appendTo($block);
      $('<div class="card-widgets__widget__body"></div>').html(html).appendTo($block);
      $panel().find('.card-widgets__elements').append($block);
      if (isOpen()) openFirst();
      return $block;
    },

    removeBlock: function (code) {
      $blocks().filter(function () { return $(this).attr('data-code') === code; }).remove();
    },

    overlay: function (on) {
      $('body').toggleClass('widgets-overlay', Boolean(on));
    }
  };
});
