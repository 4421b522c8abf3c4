/* The files jobs/examples/KIND.yaml, byte for byte: made at build time (job_templates.cmake). */
#ifndef CLI_JOB_TEMPLATES_H
#define CLI_JOB_TEMPLATES_H

/* X(kind, what it is an example of) */
#define JOB_TEMPLATES(X)                                                                                     \
    X(csv, "classes from a table: a CSV file with a header line")                                            \
    X(npy, "classes from NumPy files: an array of samples and one of labels")                                \
    X(hdf5, "classes from HDF5 files, here of images, with a convolutional network")                         \
    X(regression, "numbers to predict, from a table")                                                        \
    X(mnist, "handwritten digits: MNIST or Fashion-MNIST as they are distributed")                           \
    X(cifar10, "colour images: CIFAR-10 as it is distributed")                                               \
    X(depthwise, "colour images with a depthwise-separable network")                                         \
    X(resnet8, "colour images with residual blocks, cropped and flipped: a small ResNet")                    \
    X(resnet20, "the same with a ResNet-20")

/* Each ends with a zero. */
#define X(kind, summary) extern const char job_template_##kind[];
JOB_TEMPLATES(X)
#undef X

#endif
