// The program of the workers that run the engine's kernels, as a file of the page's own origin.
import "@prisma/tensor/worker";
