// A user's script: the classes of some pictures by a model in a folder, as JSON. `node answer.mjs FOLDER PICTURE...`
import { loadModel, topK } from "@prisma/analysis";

const [folder, ...pictures] = process.argv.slice(2);
const model = await loadModel(folder, { device: "wasm" });
const answers = [];
for (const picture of pictures) {
  const logits = model.forward(await model.preprocess(picture));
  answers.push(await topK(logits, model.labels, 10));
}
console.log(JSON.stringify(answers));
