// A user's script: a picture with its patches as markup, in a DOM library of the user's choice. `node draw.mjs LIBRARY`
import { figureStyles, pixelImage } from "@prisma/viz";

const { parseHTML } = await import(process.argv[2]);
const { document } = parseHTML("<!doctype html><html><head></head><body></body></html>");
const { element } = pixelImage(
  { shape: [2, 2], data: [0, 85, 170, 255], label: "Four greys", grid: [2, 2], marked: [0, 1] },
  { document },
);
console.log(`<style>${figureStyles}</style>\n${element}`);
