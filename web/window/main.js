// Our own window for other people's pages starts here.

/** @param {object} served what the server says */
export function start(served) {
  void served;
}
