// The public surface of @prisma/viz.
export {};
