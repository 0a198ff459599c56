/* The settings of Estafeta, compiled from widget-ui: wasm-bindgen's glue, then the module as base64 of LZMA. */
define(function () {
  'use strict';
  /*GLUE*/
  const PACKED = '__PACKED__';
  const SIZE = __SIZE__;

  /*
   * LZMA (7-Zip's lzma-specification.txt) with lc = 4, lp = pb = 0, a known size and no end mark: pack/lzma.rs.
   * The probabilities lie in one list, kind after kind.
   */
  const MATCH = 0, REP = 12, REP_0 = 24, REP_1 = 36, REP_2 = 48, SHORT = 60;
  const SLOTS = 72, NEAR = 328, ALIGN = 456, LENGTH = 472, REP_LENGTH = 746, LITERAL = 1020;

  function bytes(text) {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  }

  function unpacked() {
    const packed = bytes(PACKED);
    const chances = new Uint16Array(LITERAL + 0x300 * 16).fill(1024);
    const out = new Uint8Array(SIZE);
    // Range and code: numbers of 32 bits, which a variable of a closure would hold as objects.
    const now = new Uint32Array([0xffffffff, 0]);
    let at = 5;
    for (let i = 1; i < at; i++) now[1] = now[1] << 8 | packed[i];

    function refill() {
      if (now[0] >= 0x1000000) return;
      now[0] <<= 8;
      now[1] = now[1] << 8 | packed[at++];
    }

    function bit(i) {
      const chance = chances[i];
      const bound = (now[0] >>> 11) * chance;
      const is = now[1] >= bound ? 1 : 0;
      if (is) {
        now[0] -= bound;
        now[1] -= bound;
        chances[i] = chance - (chance >>> 5);
      } else {
        now[0] = bound;
        chances[i] = chance + ((2048 - chance) >>> 5);
      }
      refill();
      return is;
    }

    function plain(count) {
      let number = 0;
      while (count--) {
        now[0] >>>= 1;
        const is = now[1] >= now[0] ? 1 : 0;
        if (is) now[1] -= now[0];
        number = number * 2 + is;
        refill();
      }
      return number;
    }

    function tree(from, bits) {
      let node = 1;
      for (let i = 0; i < bits; i++) node = node * 2 + bit(from + node);
      return node - (1 << bits);
    }

    function reversed(from, bits) {
      let node = 1, number = 0;
      for (let i = 0; i < bits; i++) {
        const is = bit(from + node);
        node = node * 2 + is;
        number += is << i;
      }
      return number;
    }

    function length(from) {
      if (!bit(from)) return 2 + tree(from + 2, 3);
      return bit(from + 1) ? 18 + tree(from + 18, 8) : 10 + tree(from + 10, 3);
    }

    function distance(bytes) {
      const slot = tree(SLOTS + Math.min(bytes - 2, 3) * 64, 6);
      if (slot < 4) return slot;
      const bits = (slot >> 1) - 1;
      const from = (2 + (slot & 1)) * 2 ** bits;
      if (slot < 14) return from + reversed(NEAR + from - slot, bits);
      return from + plain(bits - 4) * 16 + reversed(ALIGN, 4);
    }

    let done = 0, state = 0, back = [0, 0, 0, 0];
    while (done < SIZE) {
      if (!bit(MATCH + state)) {
        const from = LITERAL + 0x300 * (done ? out[done - 1] >> 4 : 0);
        let letter = 1;
        if (state > 6) {
          let like = out[done - back[0] - 1], same = true;
          while (same && letter < 256) {
            const wanted = (like >> 7) & 1;
            like <<= 1;
            const is = bit(from + (1 + wanted) * 256 + letter);
            letter = letter * 2 + is;
            same = is === wanted;
          }
        }
        while (letter < 256) letter = letter * 2 + bit(from + letter);
        out[done++] = letter;
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      let bytes;
      if (bit(REP + state)) {
        let which = 0;
        if (bit(REP_0 + state)) which = bit(REP_1 + state) ? 2 + bit(REP_2 + state) : 1;
        else if (!bit(SHORT + state)) bytes = 1;
        back.unshift(...back.splice(which, 1));
        state = state < 7 ? (bytes ? 9 : 8) : 11;
        bytes ||= length(REP_LENGTH);
      } else {
        bytes = length(LENGTH);
        state = state < 7 ? 7 : 10;
        back = [distance(bytes), ...back.slice(0, 3)];
      }
      for (; bytes; bytes--, done++) out[done] = out[done - back[0] - 1];
    }
    return out;
  }

  function inject(url) {
    return new Promise((done, failed) => {
      const refuse = () => { failed(url); require.undef(url); };
      require([url], (text) => (text ? done(text) : refuse()), refuse);
    });
  }

  /** What reads texts, as bytes: from the archive, else from the backend. */
  async function reader(widget, elsewhere) {
    const name = '/__READER__.js';
    const own = inject(new URL(widget.params.path, location.href) + name);
    return bytes(await (elsewhere ? own.catch(() => inject(elsewhere.slice(0, -1) + name)) : own));
  }

  /** Starts the module. `elsewhere`: the folder with the same files, or ''. */
  return async function (elsewhere) {
    await estafeta_part({ module_or_path: unpacked().buffer });
    const { show, hide } = estafeta_part;
    const own = (widget) => ({ reader: () => reader(widget, elsewhere) });
    return { hide, show: (widget, host, ...place) => show(widget, { ...host, ...own(widget) }, ...place) };
  };
});
