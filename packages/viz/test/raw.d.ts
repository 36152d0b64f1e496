// Lets the tests import a file as its text.
declare module "*?raw" {
  export default text;
  const text: string;
}
