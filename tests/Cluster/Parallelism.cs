// Nodes wait for one another more than they compute: more classes at a time than there are processors.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
