// The userscript starts here.

/** @param {object} served what the server says */
export function start(served) {
  void served;
}
