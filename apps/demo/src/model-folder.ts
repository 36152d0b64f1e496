// Where the shipped model lies.

/** The folder of the shipped model, beside the page. */
export function modelFolder(): URL {
  return new URL("models/garment-scenes-vit/", document.baseURI);
}
