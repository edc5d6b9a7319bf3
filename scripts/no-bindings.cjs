/** Stands for the package `bindings` in the bundle: our addon is loaded by path, never searched. */
module.exports = (name) => {
  throw new Error(`${name} has to be given by path`);
};
