"""The arithmetic of the audit: small pure functions over printed numbers; imports no torch.

split                which split rules give the printed test supports
attainable           which accuracies the printed class F1s allow
standard_deviations  standard deviations against the binomial floor; recall against accuracy
printed_t_test       t and p of every comparison, over every possible correlation of the folds
schedule             what StepLR leaves in each epoch
complexity           additivity and ratios of the complexity table
counting             parameters and multiply-adds of the candidate modules, in closed form
recovery             which candidates fit the printed counts
compute_time         computing time of the protocol
"""
