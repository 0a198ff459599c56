/* A part of Estafeta, compiled from widget-ui: wasm-bindgen's glue, then the module as base64 of gzip. */
define(function () {
  'use strict';
  /*GLUE*/
  const PACKED = '__PACKED__';

  function unpacked() {
    const text = atob(PACKED);
    const bytes = new Uint8Array(text.length);
    // Not `Uint8Array.from(text, …)`: with a call for each letter it takes eight times as long.
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = text.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream).arrayBuffer();
  }

  async function fetched(url) {
    const answer = await fetch(url);
    const bytes = await answer.arrayBuffer();
    const magic = new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength));
    if (!answer.ok || String(magic) !== '0,97,115,109') throw new Error(url);
    return bytes;
  }

  /** The place of this name, as a function that gives it back; nothing if another tab has it. */
  function placed(name) {
    return new Promise((done) => {
      navigator.locks.request(name, { ifAvailable: true }, (lock) => new Promise((back) => {
        done(lock && back);
        if (!lock) back();
      }));
    });
  }

  /** A place for a stream. A browser keeps six connections to a server, and needs some of them for everything else. */
  async function place() {
    for (const name of navigator.locks ? ['estafeta-1', 'estafeta-2', 'estafeta-3'] : []) {
      const back = await placed(name);
      if (back) return back;
    }
  }

  /** Starts the module. `elsewhere`: the folder with the same module for a browser that cannot unpack it, or ''. */
  return async function (elsewhere) {
    const bytes = await (async () => unpacked())().catch((error) => {
      if (!elsewhere) throw error;
      return fetched(elsewhere + '__NAME__.wasm');
    });
    await estafeta_part({ module_or_path: bytes });
    const { show, hide } = estafeta_part;
    return { hide, show: (root, host, ...card) => show(root, { ...host, place }, ...card) };
  };
});
