// A user's script: the classes of some pictures by a model in a folder, and what its heads add to a class difference, as JSON.
// `node answer.mjs FOLDER PICTURE...`
import { attributeLogits, loadModel, topK } from "@prisma/analysis";

const [folder, ...pictures] = process.argv.slice(2);
const model = await loadModel(folder, { device: "wasm" });
const target = ["Dress", "Trouser"];
const answers = [];
const heads = [];
for (const picture of pictures) {
  const images = await model.preprocess(picture);
  const logits = model.forward(images);
  const { contributions } = await attributeLogits(model, images, { target, by: "head" });
  heads.push(...contributions.values);
  answers.push(await topK(logits, model.labels, 10));
}
console.log(JSON.stringify({ answers, heads }));
