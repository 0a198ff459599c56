/* The card of Estafeta, compiled from widget-ui: wasm-bindgen's glue, then the module as base64 of gzip. */
define(function () {
  'use strict';
  /*GLUE*/
  const PACKED = '__PACKED__';

  function unpacked() {
    const bytes = Uint8Array.from(atob(PACKED), (letter) => letter.charCodeAt(0));
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

  /** Starts the module. `elsewhere`: the folder with the same module for a browser that cannot unpack it, or ''. */
  return async function (elsewhere) {
    const bytes = await (async () => unpacked())().catch((error) => {
      if (!elsewhere) throw error;
      return fetched(elsewhere + '__CARD__.wasm');
    });
    await estafeta_card({ module_or_path: bytes });
    return estafeta_card;
  };
});
