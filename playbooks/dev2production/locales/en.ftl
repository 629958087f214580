### Every text a person sees, in English. Keys are the same in every locale.

# --- greeting and menu
greeting = Hello! Welcome to {$brand}.
greeting-name = Hello, {$name}! Welcome to {$brand}.
greeting-again = Hello! How can I help you?
disclosure = I am {$brand}'s AI assistant, not a person. I answer questions about our work, take down what you need, and fetch a colleague whenever you like: send /human.
menu-again = What would you like to do?
menu-services = Our services
menu-quote = Get a quote
menu-ask = Ask a question
menu-human = Talk to a person
menu-menu = Main menu
menu-bot = Continue with the bot
help =
    Ask me anything about our services, or use a command:
    /services – what we do
    /quote – tell us about your project
    /human – talk to a person
    /cancel – leave the form
    /stop – stop the answer I am writing
    /language – change the language
    /privacy – what happens to your data
ask-prompt = Go ahead, write your question in your own words.
command-unknown = I do not know this command. Here is what I can do:
text-empty = I could not read any text in that message. Please write it in words.
session-restart = I was updated while we were talking and lost my place. Let us go on from here.
thanks = You are welcome! Just write if anything else comes up.

# --- language and privacy
language-name = English
language-ask = Which language do you prefer?
language-set = All right, we continue in English.
privacy =
    We keep what you write here to answer you and to prepare an offer. It stays in our own database; nobody else gets it without your consent. Our full policy: {$site}/privacy

    To have your data erased or sent to you, ask for a person with /human.

# --- questions
offer = Did you mean one of these?
offer-none = None of these
missed = I do not have a reliable answer to that, and I would rather not guess. You can put it another way, or I can fetch a colleague.
model-unavailable = I cannot work out an answer right now: the service I think with does not respond. My prepared answers work, and a colleague can help you:
model-closest =
    I cannot work out an answer of my own right now. The closest I know is "{$question}":

    {$answer}
answer-stopped = All right, I stopped. What else can I do for you?
nothing-to-stop = I am not writing anything at the moment.
missed-again = I cannot answer that well enough, so I am passing it on.
gave-up = Something went wrong on our side with your last message. Your message is kept. A colleague can help you right away:

# --- people
handover-open = I have called a colleague. They will answer here in this chat, usually within a few minutes. Meanwhile you can keep asking me.
handover-closed = Our colleagues are away at the moment. They will answer here on {$weekday}, {$date}, from {$clock} (Berlin time). Meanwhile you can keep asking me.
handover-already = A colleague has been called already and will answer here. Meanwhile you can keep asking me.
with-bot-again = All right, we go on together.
handed-back = My colleague has handed the chat back to me. How can I help you?
closed-by-agent = This case is closed now. Write any time to open a new one.
agent-says = {$name}: {$text}
toast-person-here = A colleague is talking with you now
toast-stale = This button is from an earlier question
weekday-0 = Monday
weekday-1 = Tuesday
weekday-2 = Wednesday
weekday-3 = Thursday
weekday-4 = Friday
weekday-5 = Saturday
weekday-6 = Sunday

# --- things that are no text
media-received = Thank you, I have noted your file for our colleagues.
album-received =
    { $count ->
        [one] Thank you, I have noted your file for our colleagues.
       *[other] Thank you, I have noted your {$count} files for our colleagues.
    }
media-voice = Thank you for the voice message, it is kept for our colleagues. I cannot listen yet: please write it in a few words, or ask for a person with /human.
file-too-big =
    { $count ->
        [one] I cannot take files of more than {$limit} MB, so I could not keep yours. Please send a smaller one, or a link to it.
       *[other] I cannot take files of more than {$limit} MB, so I could not keep {$count} of yours. Please send smaller ones, or links to them.
    }
file-not-taken =
    { $count ->
        [one] I cannot take a file of this kind, so I have not kept it. A PDF, an office document or a picture works.
       *[other] I cannot take files of this kind, so I have not kept {$count} of them. PDFs, office documents and pictures work.
    }
file-missing =
    { $count ->
        [one] I could not get your file, so it is not with us. Please send it again a little later.
       *[other] I could not get {$count} of your files, so they are not with us. Please send them again a little later.
    }
media-other = Thank you, I have noted that. I understand words best: how can I help you?
location-received = Thank you, I have noted your location.
contact-noted = Thank you, I have noted the contact.
contact-not-own = That is somebody else's contact. Please share your own, or type it.

# --- limits
limited-hour = That is a lot of messages for one hour. I will answer again from {$clock} (Berlin time). For a person, send /human.
limited-day = That is the most I can answer in one day. I will answer again from {$clock} on {$date} (Berlin time). For a person, send /human.

# --- services
services-intro = This is what we do. Tap for more:
service-devops-name = DevOps and CI/CD
service-devops-text = We build and repair delivery: pipelines, Kubernetes, infrastructure as code, monitoring and on-call. Most projects start with an audit of one to two weeks.
service-custom-apps-name = Custom applications
service-custom-apps-text = We design, build and run web applications and backends, from the first prototype to production and support.
service-cloud-name = Cloud migration
service-cloud-text = We move systems to AWS, Azure, Google Cloud or back to your own machines, without losing data or nights.
service-integration-name = Integrations
service-integration-text = We connect CRM, ERP, payment and other systems by their APIs, with monitoring and retries, so that data arrives once and in order.

# --- the form
form-start = I will ask a few short questions, so that we can prepare an offer. You can stop at any time with /cancel, and ask me something in between.
form-resume = Let us go on where we stopped.
form-again = You have already sent us your request. You can still change it:
form-question = ({$step}/{$total}) {$question}
form-question-unknown = I cannot answer that here; a colleague will. Let us finish the form first, or send /human.
form-back = Back
form-skip = Skip
form-cancel = Cancel
form-yes = Yes
form-no = No
form-confirm = Confirm and send
form-edit = Change: {$label}
form-share-contact = Share my phone number
form-contact-accepted = Thank you: {$value}
form-not-optional = I need an answer to this one.
form-summary = This is what I have noted. Is it right?
form-summary-field = • {$label}: {$value}
form-summary-hint = Please tap "Confirm and send", or change a field.
form-confirmed = Thank you! Your request is with our team. A colleague will write to you within one working day.
form-cancelled = I left the form. What you have told me is kept: /quote goes on from there.
form-consent-refused = All right: I do not send the request, and I have not kept your name and contact in the form. What you told me about the project stays until you have it erased, see /privacy.
form-reminder = You were telling me about your project. Shall we finish? It goes on where we stopped; /cancel leaves the form.
follow-up = Thank you again for your request. If anything is urgent or has changed, write here, or let me fetch a colleague:
nothing-to-cancel = There is nothing to cancel.

field-project_type-ask = What kind of project is it?
field-project_type-label = Project
field-project_type-invalid = Please choose one of the buttons, or write for example "cloud migration".
choice-project_type-devops = DevOps and CI/CD
choice-project_type-custom_app = Custom application
choice-project_type-cloud = Cloud migration
choice-project_type-integration = Integration
choice-project_type-other = Something else
field-description-ask = Please describe it in a few sentences: what is there today, and what should it become?
field-description-label = Description
field-budget_range-ask = Which budget do you have in mind?
field-budget_range-label = Budget
field-budget_range-invalid = Please choose one of the ranges, or write an amount such as "about 40k"; "not sure yet" is fine.
field-budget_range-currency = I reckon in euros here and do not convert. Please choose a range in euros, or write for example "40k euros".
choice-budget_range-lt-10k = Below €10k
choice-budget_range-10k-50k = €10k–50k
choice-budget_range-50k-150k = €50k–150k
choice-budget_range-150k-plus = Above €150k
choice-budget_range-unknown = Not sure yet
field-timeline-ask = When should it start?
field-timeline-label = Timeline
field-timeline-invalid = Please choose one of the buttons, or write for example "asap" or "next month" or "in two weeks".
choice-timeline-urgent = As soon as possible
choice-timeline-normal = Within one to three months
choice-timeline-flexible = We are flexible
choice-timeline-exploring = Just exploring
field-name-ask = What is your name?
field-name-label = Name
field-company-ask = Which company is it for?
field-company-label = Company
field-contact-ask = How can we reach you? Type an e-mail address or a phone number, or share yours with the button. ("back" and "cancel" work too.)
field-contact-label = Contact
field-contact-invalid = That is neither an e-mail address nor a phone number. Expected for example ann@example.com or +49 30 901820.
field-consent-ask = May we keep these details and contact you about this project? What we do with them: {$site}/privacy
field-consent-label = Consent
field-consent-invalid = Without your consent I cannot send the request. Tap "Yes" to agree; with "No" I forget your contact and leave the form.

# --- words that are understood, separated by commas
words-human = human, person, agent, operator, manager, talk to a human, talk to a person, real person, speak to a human, support, a human, a person, human please, person please, real human, live agent, live person, talk to human, speak to a person, speak with a human, talk with a person, connect me to a human, connect me with a person, connect me with someone, get me a human, give me a human, i want a human, i need a human, i want a person, i want to talk to a human, i want to talk to a person, i want to speak to a human, i want to speak to a person, i want to speak to someone, i want to talk to someone, can i talk to a human, can i talk to a person, can i talk to someone, can i speak to a human, can i speak to someone, can someone call me, call me, call me back, please call me, please call me back, let me talk to a manager, transfer me to a human, no bots please, not a bot, stop the bot, customer service
words-greeting = hi, hello, hey, hi there, hello there, good morning, good afternoon, good evening, greetings
words-thanks = thanks, thank you, thx, ty, thank you very much, thanks a lot, great thanks
words-question = how, what, why, when, where, which, who, can, could, do, does, is, are, will
words-back = back, go back
words-skip = skip, pass
words-cancel = cancel, stop, quit, exit
words-no = no, n, nope, no thanks, no thank you, i do not agree, i don't agree, disagree, i refuse
words-yes = yes, y, yep, sure, ok, okay, confirm, i agree, agree

# --- by which answers of the model are judged: words and phrases separated by commas; * stands for
# any ending
words-called = called a colleague, called my colleague, call a colleague, fetched a colleague, notified a colleague, informed a colleague, told a colleague, have forwarded, have passed your, passed you to, passing you to, transferring you, connecting you, connect you with, colleague will contact, colleague will write, colleague will call, someone will contact, manager will contact, have escalated, team has been notified
words-echoes = your budget, your deadline, your timeline, you mentioned, you said, you wrote, you told, as you say, you need, you want, you have, you are planning, you plan, your request, your project
words-prices = price*, cost*, charge*, fee, fees, rate, rates, pay, quote*, budget from, euro, euros, eur, usd, dollar*
words-promises = discount*, free of charge, for free, no cost, guarantee*, we promise, i promise, refund*, money back, by tomorrow, within the hour, right now for you, deal is done, confirmed order, we commit, legally binding
words-confessions = my instructions, my rules, my system prompt, system prompt, initial prompt, i was instructed, i was told to, my guidelines, my configuration, hidden instructions

# --- what the staff sees
edited-note = The client changed a message. It reads now: {$text}
card-title-hot = 🔥 Hot lead: {$client}
card-title-confirmed = ✅ Request confirmed: {$client}
card-title-handover = 🙋 {$client} asks for a person
card-title-lead = Lead of {$client}
card-title-urgent = 🚨 URGENT, something is down: {$client}
card-score = Score: {$class}, {$points} points
card-field = {$label}: {$value}
score-hot = hot
score-warm = warm
score-cold = cold
score-unqualified = unqualified
rule-budget-high = budget of 50k or more
rule-budget-middle = budget of 10k to 50k
rule-budget-small = budget below 10k
rule-urgent = wants to start at once
rule-planned = wants to start within months
rule-only-exploring = is only exploring
rule-our-field = is in our field
rule-described = described the project
rule-company-named = named the company
rule-reachable = left a contact
rule-no-contact-no-project = neither contact nor project

# --- what Telegram shows about the bot
bot-description = The assistant of {$brand}: answers about our services, prices and process, prepares a quote, and fetches a colleague when you like. Press Start.
bot-short-description = Questions, quotes and people of {$brand}
command-start = Main menu
command-help = What I can do
command-services = What we do
command-quote = Get a quote
command-human = Talk to a person
command-cancel = Leave the form
command-stop = Stop the answer being written
command-language = Change the language
command-privacy = What happens to your data
